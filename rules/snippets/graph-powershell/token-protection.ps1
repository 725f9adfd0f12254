# Binds the tokens of Windows clients of Exchange, SharePoint and Teams to the device.
# The policy is created in report-only; switch it on in the portal when its results are clean.
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Identity.SignIns
$ErrorActionPreference = 'Stop'

$emergency = @({{break_glass_ids}})
if ($emergency.Count -eq 0) {
    throw 'No emergency account is declared: run "cstack tenant break-glass add" first.'
}
Connect-MgGraph -TenantId '{{tenant}}' -NoWelcome -Scopes 'Policy.Read.All', 'Policy.ReadWrite.ConditionalAccess', 'Application.Read.All'

$policy = @{
    displayName = 'Require token protection on Windows'
    state       = 'enabledForReportingButNotEnforced'
    conditions  = @{
        users          = @{ includeUsers = @('All'); excludeUsers = $emergency + 'GuestsOrExternalUsers'; excludeRoles = @('d29b2b05-8046-44ba-8758-1e26182fcf32') }
        applications   = @{ includeApplications = @(
            '00000002-0000-0ff1-ce00-000000000000', '00000003-0000-0ff1-ce00-000000000000', 'cc15fd57-2c6c-4117-a88c-83b1d56b4bbe') }
        clientAppTypes = @('mobileAppsAndDesktopClients')
        platforms      = @{ includePlatforms = @('windows') }
    }
    sessionControls = @{ secureSignInSession = @{ isEnabled = $true } }
}
New-MgIdentityConditionalAccessPolicy -BodyParameter $policy | Select-Object Id, DisplayName, State
