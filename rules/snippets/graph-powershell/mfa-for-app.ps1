# Asks everybody for MFA on one application.
# The policy is created in report-only; switch it on in the portal when its results are clean.
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Identity.SignIns
[CmdletBinding()]
param(
    # Application id, for instance 797f4846-ba00-4fd7-ba43-dac1f8f63013 for Azure management.
    [Parameter(Mandatory)] [guid] $AppId
)
$ErrorActionPreference = 'Stop'

$emergency = @({{break_glass_ids}})
if ($emergency.Count -eq 0) {
    throw 'No emergency account is declared: run "cstack tenant break-glass add" first.'
}
Connect-MgGraph -TenantId '{{tenant}}' -NoWelcome -Scopes 'Policy.Read.All', 'Policy.ReadWrite.ConditionalAccess', 'Application.Read.All'

$policy = @{
    displayName = "Require MFA on $AppId"
    state       = 'enabledForReportingButNotEnforced'
    conditions  = @{
        users          = @{ includeUsers = @('All'); excludeUsers = $emergency; excludeRoles = @('d29b2b05-8046-44ba-8758-1e26182fcf32') }
        applications   = @{ includeApplications = @("$AppId") }
        clientAppTypes = @('all')
    }
    grantControls = @{ operator = 'OR'; builtInControls = @('mfa') }
}
New-MgIdentityConditionalAccessPolicy -BodyParameter $policy | Select-Object Id, DisplayName, State
