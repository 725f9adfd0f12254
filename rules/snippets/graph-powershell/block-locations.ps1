# Blocks sign-ins from outside trusted locations, or from all countries but some.
# The policy is created in report-only; switch it on in the portal when its results are clean.
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Identity.SignIns
[CmdletBinding()]
param(
    [ValidateSet('untrusted', 'countries')] [string] $Mode = 'countries',
    # Countries to let in, by ISO 3166 code; for the mode countries.
    [string[]] $Countries = @()
)
$ErrorActionPreference = 'Stop'

$emergency = @({{break_glass_ids}})
if ($emergency.Count -eq 0) {
    throw 'No emergency account is declared: run "cstack tenant break-glass add" first.'
}
Connect-MgGraph -TenantId '{{tenant}}' -NoWelcome -Scopes 'Policy.Read.All', 'Policy.ReadWrite.ConditionalAccess', 'Application.Read.All'

$allowed = 'AllTrusted'
if ($Mode -eq 'countries') {
    if ($Countries.Count -eq 0) { throw 'Give the countries to let in: -Countries DK,SE' }
    $location = New-MgIdentityConditionalAccessNamedLocation -BodyParameter @{
        '@odata.type'                     = '#microsoft.graph.countryNamedLocation'
        displayName                       = 'Countries with business'
        countriesAndRegions               = $Countries
        includeUnknownCountriesAndRegions = $false
    }
    $allowed = $location.Id
}
$policy = @{
    displayName = "Block other locations ($Mode)"
    state       = 'enabledForReportingButNotEnforced'
    conditions  = @{
        users          = @{ includeUsers = @('All'); excludeUsers = $emergency; excludeRoles = @('d29b2b05-8046-44ba-8758-1e26182fcf32') }
        applications   = @{ includeApplications = @('All') }
        clientAppTypes = @('all')
        locations      = @{ includeLocations = @('All'); excludeLocations = @($allowed) }
    }
    grantControls = @{ operator = 'OR'; builtInControls = @('block') }
}
New-MgIdentityConditionalAccessPolicy -BodyParameter $policy | Select-Object Id, DisplayName, State
