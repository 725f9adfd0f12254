# Adds the declared emergency accounts to the exclusions of policies.
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Identity.SignIns
[CmdletBinding()]
param(
    # One policy; every policy for users where it is not given.
    [string] $PolicyId = '{{policy_id}}'
)
$ErrorActionPreference = 'Stop'

$emergency = @({{break_glass_ids}})
if ($emergency.Count -eq 0) {
    throw 'No emergency account is declared: run "cstack tenant break-glass add" first.'
}
Connect-MgGraph -TenantId '{{tenant}}' -NoWelcome -Scopes 'Policy.Read.All', 'Policy.ReadWrite.ConditionalAccess', 'Application.Read.All'

$policies = Get-MgIdentityConditionalAccessPolicy -All | Where-Object {
    ($PolicyId -notmatch '^[0-9a-fA-F-]{36}$' -or $_.Id -eq $PolicyId) -and $_.Conditions.Users.IncludeUsers -notcontains 'None'
}
foreach ($policy in $policies) {
    $missing = $emergency | Where-Object { $policy.Conditions.Users.ExcludeUsers -notcontains $_ }
    if (-not $missing) { continue }
    $exclude = @($policy.Conditions.Users.ExcludeUsers) + @($missing) | Where-Object { $_ } | Select-Object -Unique
    Update-MgIdentityConditionalAccessPolicy -ConditionalAccessPolicyId $policy.Id -BodyParameter @{
        conditions = @{ users = @{ excludeUsers = @($exclude) } }
    }
    "$($policy.DisplayName): $(@($missing).Count) added"
}
