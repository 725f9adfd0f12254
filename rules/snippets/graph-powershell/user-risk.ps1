# Answers high user risk: MFA with a password change, or a block. Needs Entra ID P2.
# The policy is created in report-only; switch it on in the portal when its results are clean.
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Identity.SignIns
[CmdletBinding()]
param(
    # Block instead of asking for a password change.
    [switch] $Block
)
$ErrorActionPreference = 'Stop'

$emergency = @({{break_glass_ids}})
if ($emergency.Count -eq 0) {
    throw 'No emergency account is declared: run "cstack tenant break-glass add" first.'
}
Connect-MgGraph -TenantId '{{tenant}}' -NoWelcome -Scopes 'Policy.Read.All', 'Policy.ReadWrite.ConditionalAccess', 'Application.Read.All'

$policy = @{
    displayName = 'Answer high user risk'
    state       = 'enabledForReportingButNotEnforced'
    conditions  = @{
        users          = @{ includeUsers = @('All'); excludeUsers = $emergency; excludeRoles = @('d29b2b05-8046-44ba-8758-1e26182fcf32') }
        applications   = @{ includeApplications = @('All') }
        clientAppTypes = @('all')
        userRiskLevels = @('high')
    }
}
if ($Block) {
    $policy.grantControls = @{ operator = 'OR'; builtInControls = @('block') }
} else {
    # Guests cannot change their password here.
    $policy.conditions.users.excludeUsers = $emergency + 'GuestsOrExternalUsers'
    $policy.grantControls = @{ operator = 'AND'; builtInControls = @('mfa', 'passwordChange') }
    $policy.sessionControls = @{ signInFrequency = @{
        isEnabled = $true; frequencyInterval = 'everyTime'; authenticationType = 'primaryAndSecondaryAuthentication'
    } }
}
New-MgIdentityConditionalAccessPolicy -BodyParameter $policy | Select-Object Id, DisplayName, State
