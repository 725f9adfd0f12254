# Asks everybody but the emergency and synchronisation accounts for MFA on all resources.
# The policy is created in report-only; switch it on in the portal when its results are clean.
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Identity.SignIns
[CmdletBinding()]
param(
    # mfa, or phishing-resistant (the built-in authentication strength).
    [ValidateSet('mfa', 'phishing-resistant')] [string] $Strength = 'mfa'
)
$ErrorActionPreference = 'Stop'

$emergency = @({{break_glass_ids}})
if ($emergency.Count -eq 0) {
    throw 'No emergency account is declared: run "cstack tenant break-glass add" first.'
}
Connect-MgGraph -TenantId '{{tenant}}' -NoWelcome -Scopes 'Policy.Read.All', 'Policy.ReadWrite.ConditionalAccess', 'Application.Read.All'

$grant = if ($Strength -eq 'mfa') {
    @{ operator = 'OR'; builtInControls = @('mfa') }
} else {
    @{ operator = 'OR'; authenticationStrength = @{ id = '00000000-0000-0000-0000-000000000004' } }
}
$policy = @{
    displayName = "Require $Strength for all users"
    state       = 'enabledForReportingButNotEnforced'
    conditions  = @{
        users          = @{ includeUsers = @('All'); excludeUsers = $emergency; excludeRoles = @('d29b2b05-8046-44ba-8758-1e26182fcf32') }
        applications   = @{ includeApplications = @('All') }
        clientAppTypes = @('all')
    }
    grantControls = $grant
}
New-MgIdentityConditionalAccessPolicy -BodyParameter $policy | Select-Object Id, DisplayName, State
