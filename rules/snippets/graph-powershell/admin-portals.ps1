# Blocks the admin portals for everybody without an administrative role.
# The policy is created in report-only; switch it on in the portal when its results are clean.
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Identity.DirectoryManagement, Microsoft.Graph.Identity.SignIns
$ErrorActionPreference = 'Stop'

$emergency = @({{break_glass_ids}})
if ($emergency.Count -eq 0) {
    throw 'No emergency account is declared: run "cstack tenant break-glass add" first.'
}
Connect-MgGraph -TenantId '{{tenant}}' -NoWelcome -Scopes 'Policy.Read.All', 'Policy.ReadWrite.ConditionalAccess', 'Application.Read.All', 'RoleManagement.Read.Directory'

# The roles of Microsoft's guidance, and every role that is activated here but directory synchronisation.
$roles = @({{role_ids}}) + @((Get-MgDirectoryRole -All).RoleTemplateId) |
    Where-Object { $_ -and $_ -ne 'd29b2b05-8046-44ba-8758-1e26182fcf32' } | Select-Object -Unique
$policy = @{
    displayName = 'Block admin portals for non-administrators'
    state       = 'enabledForReportingButNotEnforced'
    conditions  = @{
        users          = @{ includeUsers = @('All'); excludeUsers = $emergency; excludeRoles = $roles }
        applications   = @{ includeApplications = @('MicrosoftAdminPortals') }
        clientAppTypes = @('all')
    }
    grantControls = @{ operator = 'OR'; builtInControls = @('block') }
}
New-MgIdentityConditionalAccessPolicy -BodyParameter $policy | Select-Object Id, DisplayName, State
