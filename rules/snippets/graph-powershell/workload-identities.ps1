# Blocks the tenant's own service principals outside trusted locations, or at high risk.
# Needs Workload Identities Premium.
# The policy is created in report-only; switch it on in the portal when its results are clean.
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Identity.SignIns
[CmdletBinding()]
param(
    # Block at high risk, instead of by location.
    [switch] $OnRisk
)
$ErrorActionPreference = 'Stop'

Connect-MgGraph -TenantId '{{tenant}}' -NoWelcome -Scopes 'Policy.Read.All', 'Policy.ReadWrite.ConditionalAccess', 'Application.Read.All'

$policy = @{
    displayName = 'Limit service principals'
    state       = 'enabledForReportingButNotEnforced'
    conditions  = @{
        users              = @{ includeUsers = @('None') }
        applications       = @{ includeApplications = @('All') }
        clientApplications = @{ includeServicePrincipals = @('ServicePrincipalsInMyTenant') }
    }
    grantControls = @{ operator = 'OR'; builtInControls = @('block') }
}
if ($OnRisk) {
    $policy.conditions.servicePrincipalRiskLevels = @('high')
} else {
    $policy.conditions.locations = @{ includeLocations = @('All'); excludeLocations = @('AllTrusted') }
}
New-MgIdentityConditionalAccessPolicy -BodyParameter $policy | Select-Object Id, DisplayName, State
