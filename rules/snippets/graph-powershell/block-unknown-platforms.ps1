# Blocks every device platform but the known ones.
# The policy is created in report-only; switch it on in the portal when its results are clean.
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Identity.SignIns
$ErrorActionPreference = 'Stop'

$emergency = @({{break_glass_ids}})
if ($emergency.Count -eq 0) {
    throw 'No emergency account is declared: run "cstack tenant break-glass add" first.'
}
Connect-MgGraph -TenantId '{{tenant}}' -NoWelcome -Scopes 'Policy.Read.All', 'Policy.ReadWrite.ConditionalAccess', 'Application.Read.All'

$policy = @{
    displayName = 'Block unknown platforms'
    state       = 'enabledForReportingButNotEnforced'
    conditions  = @{
        users          = @{ includeUsers = @('All'); excludeUsers = $emergency; excludeRoles = @('d29b2b05-8046-44ba-8758-1e26182fcf32') }
        applications   = @{ includeApplications = @('All') }
        clientAppTypes = @('all')
        platforms      = @{ includePlatforms = @('all'); excludePlatforms = @('android', 'iOS', 'windows', 'macOS', 'linux') }
    }
    grantControls = @{ operator = 'OR'; builtInControls = @('block') }
}
New-MgIdentityConditionalAccessPolicy -BodyParameter $policy | Select-Object Id, DisplayName, State
