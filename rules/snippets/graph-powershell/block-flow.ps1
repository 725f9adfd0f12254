# Blocks an authentication flow for everybody but the emergency accounts.
# The policy is created in report-only; switch it on in the portal when its results are clean.
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Identity.SignIns
[CmdletBinding()]
param(
    [ValidateSet('deviceCodeFlow', 'authenticationTransfer', 'deviceCodeFlow,authenticationTransfer')]
    [string] $Flow = 'deviceCodeFlow'
)
$ErrorActionPreference = 'Stop'

$emergency = @({{break_glass_ids}})
if ($emergency.Count -eq 0) {
    throw 'No emergency account is declared: run "cstack tenant break-glass add" first.'
}
Connect-MgGraph -TenantId '{{tenant}}' -NoWelcome -Scopes 'Policy.Read.All', 'Policy.ReadWrite.ConditionalAccess', 'Application.Read.All'

$policy = @{
    displayName = "Block $Flow"
    state       = 'enabledForReportingButNotEnforced'
    conditions  = @{
        users               = @{ includeUsers = @('All'); excludeUsers = $emergency }
        applications        = @{ includeApplications = @('All') }
        clientAppTypes      = @('all')
        authenticationFlows = @{ transferMethods = $Flow }
    }
    grantControls = @{ operator = 'OR'; builtInControls = @('block') }
}
New-MgIdentityConditionalAccessPolicy -BodyParameter $policy | Select-Object Id, DisplayName, State
