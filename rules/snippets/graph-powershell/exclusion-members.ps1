# Lists who "{{policy_name}}" leaves out, groups expanded, with the last successful sign-in. Changes nothing.
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Groups, Microsoft.Graph.Identity.SignIns, Microsoft.Graph.Users
[CmdletBinding()]
param(
    # One policy; every policy that is not disabled where it is not given.
    [string] $PolicyId = '{{policy_id}}'
)
$ErrorActionPreference = 'Stop'

Connect-MgGraph -TenantId '{{tenant}}' -NoWelcome -Scopes 'Policy.Read.All', 'GroupMember.Read.All', 'User.Read.All', 'AuditLog.Read.All'

$id = '^[0-9a-fA-F-]{36}$'
$policies = Get-MgIdentityConditionalAccessPolicy -All | Where-Object {
    if ($PolicyId -match $id) { $_.Id -eq $PolicyId } else { $_.State -ne 'disabled' }
}
foreach ($policy in $policies) {
    $users = $policy.Conditions.Users
    $left = @($users.ExcludeUsers | Where-Object { $_ -match $id } | ForEach-Object {
            [pscustomobject]@{ User = $_; Through = 'by name' }
        })
    foreach ($group in $users.ExcludeGroups | Where-Object { $_ }) {
        $members = Get-MgGroupTransitiveMemberAsUser -GroupId $group -All -ErrorAction SilentlyContinue
        $left += @($members | ForEach-Object { [pscustomobject]@{ User = $_.Id; Through = "group $group" } })
    }
    foreach ($one in $left) {
        # A deleted user is not found, and so has no name here.
        $user = Get-MgUser -UserId $one.User -Property 'userPrincipalName', 'accountEnabled', 'signInActivity' -ErrorAction SilentlyContinue
        [pscustomobject]@{
            Policy      = $policy.DisplayName
            UserId      = $one.User
            Name        = $user.UserPrincipalName
            Through     = $one.Through
            Enabled     = $user.AccountEnabled
            LastSuccess = $user.SignInActivity.LastSuccessfulSignInDateTime
        }
    }
}
