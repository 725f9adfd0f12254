# Takes users and groups that no longer exist out of "{{policy_name}}".
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.DirectoryObjects, Microsoft.Graph.Identity.SignIns
$ErrorActionPreference = 'Stop'

Connect-MgGraph -TenantId '{{tenant}}' -NoWelcome -Scopes 'Policy.Read.All', 'Policy.ReadWrite.ConditionalAccess', 'Directory.Read.All'

$policy = Get-MgIdentityConditionalAccessPolicy -ConditionalAccessPolicyId '{{policy_id}}'
$keywords = 'All', 'None', 'GuestsOrExternalUsers'
$users = $policy.Conditions.Users
$body = @{}
foreach ($list in 'IncludeUsers', 'ExcludeUsers', 'IncludeGroups', 'ExcludeGroups') {
    $ids = @($users.$list | Where-Object { $_ })
    $unknown = @($ids | Where-Object { $keywords -notcontains $_ })
    if ($unknown.Count -eq 0) { continue }
    $known = @(Get-MgDirectoryObjectById -Ids $unknown -Types 'user', 'group').Id
    $kept = @($ids | Where-Object { $keywords -contains $_ -or $known -contains $_ })
    if ($kept.Count -lt $ids.Count) {
        $body[$list.Substring(0, 1).ToLower() + $list.Substring(1)] = $kept
        "${list}: $($ids.Count - $kept.Count) taken out"
    }
}
if ($body.Count -gt 0) {
    Update-MgIdentityConditionalAccessPolicy -ConditionalAccessPolicyId $policy.Id -BodyParameter @{
        conditions = @{ users = $body }
    }
}
