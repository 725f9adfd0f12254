# Blocks legacy authentication for everybody but the emergency accounts.
# The policy is created in report-only; switch it on in the portal when its results are clean.
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Identity.SignIns
$ErrorActionPreference = 'Stop'

$emergency = @({{break_glass_ids}})
if ($emergency.Count -eq 0) {
    throw 'No emergency account is declared: run "cstack tenant break-glass add" first.'
}
Connect-MgGraph -TenantId '{{tenant}}' -NoWelcome -Scopes 'Policy.Read.All', 'Policy.ReadWrite.ConditionalAccess', 'Application.Read.All'

$policy = @{
    displayName = 'Block legacy authentication'
    state       = 'enabledForReportingButNotEnforced'
    conditions  = @{
        users          = @{ includeUsers = @('All'); excludeUsers = $emergency }
        applications   = @{ includeApplications = @('All') }
        clientAppTypes = @('exchangeActiveSync', 'other')
    }
    grantControls = @{ operator = 'OR'; builtInControls = @('block') }
}
New-MgIdentityConditionalAccessPolicy -BodyParameter $policy | Select-Object Id, DisplayName, State
