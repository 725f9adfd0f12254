# Creates a trusted named location from address ranges.
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Identity.SignIns
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string] $Name,
    # Ranges in CIDR form, IPv4 or IPv6.
    [Parameter(Mandatory)] [string[]] $Ranges
)
$ErrorActionPreference = 'Stop'

Connect-MgGraph -TenantId '{{tenant}}' -NoWelcome -Scopes 'Policy.Read.All', 'Policy.ReadWrite.ConditionalAccess', 'Application.Read.All'

$location = @{
    '@odata.type' = '#microsoft.graph.ipNamedLocation'
    displayName   = $Name
    isTrusted     = $true
    ipRanges      = @($Ranges | ForEach-Object {
        $kind = if ($_ -like '*:*') { 'iPv6CidrRange' } else { 'iPv4CidrRange' }
        @{ '@odata.type' = "#microsoft.graph.$kind"; cidrAddress = $_ }
    })
}
New-MgIdentityConditionalAccessNamedLocation -BodyParameter $location | Select-Object Id, DisplayName
