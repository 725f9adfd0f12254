# Puts a new role-assignable group in the place of one that policies leave out, and in it only who is meant to stay.
# Run it with -WhatIf first. Everybody else in the old group is covered by the policies from then on.
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Groups, Microsoft.Graph.Identity.SignIns
[CmdletBinding(SupportsShouldProcess)]
param(
    # The group that the finding names.
    [Parameter(Mandatory)] [guid] $GroupId,
    # Object ids of the users who stay left out. Where nobody does, take the group out of the policies instead.
    [Parameter(Mandatory)] [guid[]] $Keep,
    [string] $Name = 'Conditional Access exclusions',
    # Who asked for the exclusion, why, and until when.
    [Parameter(Mandatory)] [string] $Reason
)
$ErrorActionPreference = 'Stop'

$emergency = @({{break_glass_ids}})
if ($emergency.Count -eq 0) {
    throw 'No emergency account is declared: run "cstack tenant break-glass add" first.'
}
Connect-MgGraph -TenantId '{{tenant}}' -NoWelcome -Scopes 'Policy.Read.All', 'Policy.ReadWrite.ConditionalAccess', 'Application.Read.All', 'Group.ReadWrite.All', 'RoleManagement.ReadWrite.Directory'

$old = $GroupId.ToString()
$policies = @(Get-MgIdentityConditionalAccessPolicy -All | Where-Object { $_.Conditions.Users.ExcludeGroups -contains $old })
if ($policies.Count -eq 0) { throw "No policy leaves out group $old." }

# An emergency account must not lose its exclusion with the group.
$members = @((Get-MgGroupTransitiveMemberAsUser -GroupId $old -All).Id)
$stay = @($Keep | ForEach-Object { $_.ToString() }) + @($emergency | Where-Object { $members -contains $_ }) | Select-Object -Unique

$what = "replace group $old by a new one of $(@($stay).Count) in: $($policies.DisplayName -join ', ')"
if (-not $PSCmdlet.ShouldProcess($Name, $what)) { return }

$new = New-MgGroup -BodyParameter @{
    displayName        = $Name
    description        = $Reason
    mailEnabled        = $false
    mailNickname       = 'ca' + [guid]::NewGuid().ToString('N').Substring(0, 12)
    securityEnabled    = $true
    # Can be chosen at creation only.
    isAssignableToRole = $true
}
foreach ($user in $stay) {
    New-MgGroupMemberByRef -GroupId $new.Id -BodyParameter @{
        '@odata.id' = "https://graph.microsoft.com/v1.0/directoryObjects/$user"
    }
}
foreach ($policy in $policies) {
    $groups = @($policy.Conditions.Users.ExcludeGroups | Where-Object { $_ -and $_ -ne $old }) + $new.Id
    Update-MgIdentityConditionalAccessPolicy -ConditionalAccessPolicyId $policy.Id -BodyParameter @{
        conditions = @{ users = @{ excludeGroups = @($groups) } }
    } | Out-Null
    "$($policy.DisplayName): $old replaced by $($new.Id)"
}
