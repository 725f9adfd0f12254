# Prints "{{policy_name}}" as JSON, for reading and for the record.
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Identity.SignIns
[CmdletBinding()]
param(
    [string] $PolicyId = '{{policy_id}}'
)
$ErrorActionPreference = 'Stop'

Connect-MgGraph -TenantId '{{tenant}}' -NoWelcome -Scopes 'Policy.Read.All'

if ($PolicyId -notmatch '^[0-9a-fA-F-]{36}$') {
    Get-MgIdentityConditionalAccessPolicy -All | Select-Object Id, DisplayName, State
} else {
    Get-MgIdentityConditionalAccessPolicy -ConditionalAccessPolicyId $PolicyId | ConvertTo-Json -Depth 20
}
