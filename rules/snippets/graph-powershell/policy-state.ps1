# Puts "{{policy_name}}" into force, switches it off, or removes it.
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Identity.SignIns
[CmdletBinding()]
param(
    [ValidateSet('enabled', 'disabled', 'enabledForReportingButNotEnforced')] [string] $State = 'disabled',
    # Delete the policy instead; it is written to a file first.
    [switch] $Remove,
    # The emergency accounts are excluded through a group, and that was checked.
    [switch] $Force
)
$ErrorActionPreference = 'Stop'

$emergency = @({{break_glass_ids}})
if ($emergency.Count -eq 0) {
    throw 'No emergency account is declared: run "cstack tenant break-glass add" first.'
}
Connect-MgGraph -TenantId '{{tenant}}' -NoWelcome -Scopes 'Policy.Read.All', 'Policy.ReadWrite.ConditionalAccess', 'Application.Read.All'

$policy = Get-MgIdentityConditionalAccessPolicy -ConditionalAccessPolicyId '{{policy_id}}'
if ($Remove) {
    $policy | ConvertTo-Json -Depth 20 | Set-Content -Path "$($policy.Id).json"
    Remove-MgIdentityConditionalAccessPolicy -ConditionalAccessPolicyId $policy.Id
    return
}
if ($State -eq 'enabled' -and -not $Force) {
    $caught = $emergency | Where-Object { $policy.Conditions.Users.ExcludeUsers -notcontains $_ }
    if ($caught) { throw 'An emergency account is not excluded by name: exclude it first, or give -Force.' }
}
Update-MgIdentityConditionalAccessPolicy -ConditionalAccessPolicyId $policy.Id -BodyParameter @{ state = $State }
