# Takes one user out of the exclusions of every policy that names them, and tells the excluded groups they are in.
# Run it with -WhatIf first.
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Identity.SignIns, Microsoft.Graph.Users
[CmdletBinding(SupportsShouldProcess)]
param(
    # Object id, also of a user who no longer exists.
    [Parameter(Mandatory)] [guid] $UserId
)
$ErrorActionPreference = 'Stop'

$user = $UserId.ToString()
if (@({{break_glass_ids}}) -contains $user) {
    throw 'This is a declared emergency account: take back its declaration first, or leave it excluded.'
}
Connect-MgGraph -TenantId '{{tenant}}' -NoWelcome -Scopes 'Policy.Read.All', 'Policy.ReadWrite.ConditionalAccess', 'Application.Read.All', 'User.Read.All', 'GroupMember.Read.All'

# A deleted user is in no group any more.
$memberOf = @((Get-MgUserTransitiveMemberOf -UserId $user -All -ErrorAction SilentlyContinue).Id)
foreach ($policy in Get-MgIdentityConditionalAccessPolicy -All) {
    $users = $policy.Conditions.Users
    foreach ($group in $users.ExcludeGroups | Where-Object { $_ -and $memberOf -contains $_ }) {
        "$($policy.DisplayName): still left out through group $group"
    }
    if ($users.ExcludeUsers -notcontains $user) { continue }
    $kept = @($users.ExcludeUsers | Where-Object { $_ -and $_ -ne $user })
    if ($PSCmdlet.ShouldProcess($policy.DisplayName, "take $user out of the exclusion")) {
        Update-MgIdentityConditionalAccessPolicy -ConditionalAccessPolicyId $policy.Id -BodyParameter @{
            conditions = @{ users = @{ excludeUsers = $kept } }
        } | Out-Null
        "$($policy.DisplayName): taken out"
    }
}
