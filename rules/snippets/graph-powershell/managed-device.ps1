# Asks for a compliant or hybrid-joined device.
# The policy is created in report-only; switch it on in the portal when its results are clean.
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Identity.SignIns
[CmdletBinding()]
param(
    # all: everybody, all resources. data-apps: members, Exchange, SharePoint and Teams through Office 365.
    # admin: administrators, admin portals and Azure management. register-security-info: everybody, the user action.
    [ValidateSet('all', 'data-apps', 'admin', 'register-security-info')] [string] $Scope = 'all'
)
$ErrorActionPreference = 'Stop'

$emergency = @({{break_glass_ids}})
if ($emergency.Count -eq 0) {
    throw 'No emergency account is declared: run "cstack tenant break-glass add" first.'
}
Connect-MgGraph -TenantId '{{tenant}}' -NoWelcome -Scopes 'Policy.Read.All', 'Policy.ReadWrite.ConditionalAccess', 'Application.Read.All'

$users = @{ includeUsers = @('All'); excludeUsers = $emergency; excludeRoles = @('d29b2b05-8046-44ba-8758-1e26182fcf32') }
$applications = switch ($Scope) {
    'all' { @{ includeApplications = @('All') } }
    'data-apps' { @{ includeApplications = @('Office365') } }
    'admin' { @{ includeApplications = @('MicrosoftAdminPortals', '797f4846-ba00-4fd7-ba43-dac1f8f63013') } }
    'register-security-info' { @{ includeUserActions = @('urn:user:registersecurityinfo') } }
}
if ($Scope -eq 'admin') {
    # Hybrid Identity and Compliance Administrator are missing from Microsoft's list.
    $more = '8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2', '17315797-102d-40b4-93e0-432062caca18'
    $users = @{ includeRoles = @({{role_ids}}) + $more; excludeUsers = $emergency }
}
if ($Scope -eq 'data-apps') {
    $users.excludeUsers = $emergency + 'GuestsOrExternalUsers'
}
$policy = @{
    displayName = "Require a managed device ($Scope)"
    state       = 'enabledForReportingButNotEnforced'
    conditions  = @{
        users          = $users
        applications   = $applications
        clientAppTypes = @('all')
    }
    grantControls = @{ operator = 'OR'; builtInControls = @('compliantDevice', 'domainJoinedDevice') }
}
New-MgIdentityConditionalAccessPolicy -BodyParameter $policy | Select-Object Id, DisplayName, State
