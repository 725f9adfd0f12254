# Limits sessions: frequency of sign-in, browser persistence, restrictions by the application.
# The policy is created in report-only; switch it on in the portal when its results are clean.
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Identity.SignIns
[CmdletBinding()]
param(
    # Hours between sign-ins; 0 sets no frequency.
    [ValidateRange(0, 8760)] [int] $Hours = 0,
    # The browser forgets the session when it closes.
    [switch] $NonPersistent,
    # Exchange and SharePoint restrict what unmanaged devices may do (Office 365 only).
    [switch] $AppEnforced,
    # Only devices that are neither compliant nor hybrid-joined.
    [switch] $Unmanaged,
    # Only holders of administrative roles.
    [switch] $Administrators
)
$ErrorActionPreference = 'Stop'

$emergency = @({{break_glass_ids}})
if ($emergency.Count -eq 0) {
    throw 'No emergency account is declared: run "cstack tenant break-glass add" first.'
}
Connect-MgGraph -TenantId '{{tenant}}' -NoWelcome -Scopes 'Policy.Read.All', 'Policy.ReadWrite.ConditionalAccess', 'Application.Read.All'

$session = @{}
if ($Hours -gt 0) {
    $session.signInFrequency = @{
        isEnabled = $true; frequencyInterval = 'timeBased'; authenticationType = 'primaryAndSecondaryAuthentication'
    }
    if ($Hours % 24 -eq 0) {
        $session.signInFrequency.type = 'days'; $session.signInFrequency.value = $Hours / 24
    } else {
        $session.signInFrequency.type = 'hours'; $session.signInFrequency.value = $Hours
    }
}
if ($NonPersistent) { $session.persistentBrowser = @{ isEnabled = $true; mode = 'never' } }
if ($AppEnforced) { $session.applicationEnforcedRestrictions = @{ isEnabled = $true } }
if ($session.Count -eq 0) { throw 'Nothing to limit: give -Hours, -NonPersistent or -AppEnforced.' }

$users = @{ includeUsers = @('All'); excludeUsers = $emergency; excludeRoles = @('d29b2b05-8046-44ba-8758-1e26182fcf32') }
if ($Administrators) { $users = @{ includeRoles = @({{role_ids}}); excludeUsers = $emergency } }
$target = if ($AppEnforced) { 'Office365' } else { 'All' }
$policy = @{
    displayName = 'Limit sessions'
    state       = 'enabledForReportingButNotEnforced'
    conditions  = @{
        users          = $users
        applications   = @{ includeApplications = @($target) }
        clientAppTypes = @('all')
    }
    sessionControls = $session
}
if ($Unmanaged) {
    # Excluding what is managed also reaches unregistered devices, which have no properties at all.
    $policy.conditions.devices = @{ deviceFilter = @{
        mode = 'exclude'; rule = 'device.isCompliant -eq True -or device.trustType -eq "ServerAD"'
    } }
}
New-MgIdentityConditionalAccessPolicy -BodyParameter $policy | Select-Object Id, DisplayName, State
