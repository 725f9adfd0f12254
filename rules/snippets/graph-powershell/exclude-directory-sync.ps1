# Adds the role Directory Synchronization Accounts to the exclusions of "{{policy_name}}".
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Identity.SignIns
$ErrorActionPreference = 'Stop'

Connect-MgGraph -TenantId '{{tenant}}' -NoWelcome -Scopes 'Policy.Read.All', 'Policy.ReadWrite.ConditionalAccess', 'Application.Read.All'

$policy = Get-MgIdentityConditionalAccessPolicy -ConditionalAccessPolicyId '{{policy_id}}'
$exclude = @($policy.Conditions.Users.ExcludeRoles) + 'd29b2b05-8046-44ba-8758-1e26182fcf32' | Where-Object { $_ } | Select-Object -Unique
Update-MgIdentityConditionalAccessPolicy -ConditionalAccessPolicyId $policy.Id -BodyParameter @{
    conditions = @{ users = @{ excludeRoles = @($exclude) } }
}
