# Asks the holders of administrative roles for MFA on all resources.
# The policy is created in report-only; switch it on in the portal when its results are clean.
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Identity.DirectoryManagement, Microsoft.Graph.Identity.SignIns
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
Connect-MgGraph -TenantId '{{tenant}}' -NoWelcome -Scopes 'Policy.Read.All', 'Policy.ReadWrite.ConditionalAccess', 'Application.Read.All', 'RoleManagement.Read.Directory'

# The roles of Microsoft's guidance, and every role that is activated here but directory synchronisation.
$roles = @({{role_ids}}) + @((Get-MgDirectoryRole -All).RoleTemplateId) |
    Where-Object { $_ -and $_ -ne 'd29b2b05-8046-44ba-8758-1e26182fcf32' } | Select-Object -Unique
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
