# Asks the holders of administrative roles for MFA on all resources.
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

$roles = @({{role_ids}})
if ($roles.Count -eq 0) { throw 'No administrative role is held in this tenant.' }
$grant = if ($Strength -eq 'mfa') {
    @{ operator = 'OR'; builtInControls = @('mfa') }
} else {
    @{ operator = 'OR'; authenticationStrength = @{ id = '00000000-0000-0000-0000-000000000004' } }
}
$policy = @{
    displayName = "Require $Strength for administrators"
    state       = 'enabledForReportingButNotEnforced'
    conditions  = @{
        users          = @{ includeRoles = $roles; excludeUsers = $emergency }
        applications   = @{ includeApplications = @('All') }
        clientAppTypes = @('all')
    }
    grantControls = $grant
}
New-MgIdentityConditionalAccessPolicy -BodyParameter $policy | Select-Object Id, DisplayName, State
