# Switches security defaults on. Only for tenants without Conditional Access policies in force.
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Identity.SignIns
$ErrorActionPreference = 'Stop'

Connect-MgGraph -TenantId '{{tenant}}' -NoWelcome -Scopes 'Policy.Read.All', 'Policy.ReadWrite.SecurityDefaults'

$inForce = Get-MgIdentityConditionalAccessPolicy -All | Where-Object State -eq 'enabled'
if ($inForce) { throw 'Policies are in force: security defaults and Conditional Access exclude each other.' }
Update-MgPolicyIdentitySecurityDefaultEnforcementPolicy -BodyParameter @{ isEnabled = $true }
