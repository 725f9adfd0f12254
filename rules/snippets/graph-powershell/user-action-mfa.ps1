# Asks for MFA when a device or security information is registered.
# Report-only does not evaluate user actions: give a pilot group and switch the policy on for it.
# The policy is created in report-only; switch it on in the portal when its results are clean.
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Identity.SignIns
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [ValidateSet('register-device', 'register-security-info')] [string] $Action,
    # Object id of a pilot group; everybody where it is not given.
    [string] $PilotGroup = ''
)
$ErrorActionPreference = 'Stop'

$emergency = @({{break_glass_ids}})
if ($emergency.Count -eq 0) {
    throw 'No emergency account is declared: run "cstack tenant break-glass add" first.'
}
Connect-MgGraph -TenantId '{{tenant}}' -NoWelcome -Scopes 'Policy.Read.All', 'Policy.ReadWrite.ConditionalAccess', 'Application.Read.All'

$urn = @{ 'register-device' = 'urn:user:registerdevice'; 'register-security-info' = 'urn:user:registersecurityinfo' }[$Action]
$users = @{ includeUsers = @('All'); excludeUsers = $emergency + 'GuestsOrExternalUsers'; excludeRoles = @('d29b2b05-8046-44ba-8758-1e26182fcf32') }
if ($PilotGroup) { $users = @{ includeGroups = @($PilotGroup); excludeUsers = $emergency } }
$policy = @{
    displayName = "Require MFA to $Action"
    state       = 'enabledForReportingButNotEnforced'
    conditions  = @{
        users          = $users
        applications   = @{ includeUserActions = @($urn) }
        clientAppTypes = @('all')
    }
    grantControls = @{ operator = 'OR'; builtInControls = @('mfa') }
}
if ($Action -eq 'register-security-info') {
    $policy.conditions.locations = @{ includeLocations = @('All'); excludeLocations = @('AllTrusted') }
}
New-MgIdentityConditionalAccessPolicy -BodyParameter $policy | Select-Object Id, DisplayName, State
