# Answers risky sign-ins: fresh MFA, or a block. Needs Entra ID P2.
# The policy is created in report-only; switch it on in the portal when its results are clean.
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Identity.SignIns
[CmdletBinding()]
param(
    [ValidateSet('low', 'medium', 'high')] [string[]] $Levels = @('medium', 'high'),
    # Block instead of asking for MFA.
    [switch] $Block
)
$ErrorActionPreference = 'Stop'

$emergency = @({{break_glass_ids}})
if ($emergency.Count -eq 0) {
    throw 'No emergency account is declared: run "cstack tenant break-glass add" first.'
}
Connect-MgGraph -TenantId '{{tenant}}' -NoWelcome -Scopes 'Policy.Read.All', 'Policy.ReadWrite.ConditionalAccess', 'Application.Read.All'

$policy = @{
    displayName = "Answer sign-in risk $($Levels -join ' and ')"
    state       = 'enabledForReportingButNotEnforced'
    conditions  = @{
        users            = @{ includeUsers = @('All'); excludeUsers = $emergency; excludeRoles = @('d29b2b05-8046-44ba-8758-1e26182fcf32') }
        applications     = @{ includeApplications = @('All') }
        clientAppTypes   = @('all')
        signInRiskLevels = $Levels
    }
}
if ($Block) {
    $policy.grantControls = @{ operator = 'OR'; builtInControls = @('block') }
} else {
    $policy.grantControls = @{ operator = 'OR'; builtInControls = @('mfa') }
    $policy.sessionControls = @{ signInFrequency = @{
        isEnabled = $true; frequencyInterval = 'everyTime'; authenticationType = 'primaryAndSecondaryAuthentication'
    } }
}
New-MgIdentityConditionalAccessPolicy -BodyParameter $policy | Select-Object Id, DisplayName, State
