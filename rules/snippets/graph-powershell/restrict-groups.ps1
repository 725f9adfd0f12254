# Puts a group that policies name into a restricted management administrative unit.
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Identity.DirectoryManagement
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [guid] $GroupId,
    [string] $UnitName = 'Conditional Access groups'
)
$ErrorActionPreference = 'Stop'

Connect-MgGraph -TenantId '{{tenant}}' -NoWelcome -Scopes 'AdministrativeUnit.ReadWrite.All', 'Group.Read.All'

$unit = Get-MgDirectoryAdministrativeUnit -Filter "displayName eq '$UnitName'" | Select-Object -First 1
if (-not $unit) {
    # Restricted management can be chosen at creation only.
    $unit = New-MgDirectoryAdministrativeUnit -BodyParameter @{
        displayName                  = $UnitName
        isMemberManagementRestricted = $true
    }
}
New-MgDirectoryAdministrativeUnitMemberByRef -AdministrativeUnitId $unit.Id -BodyParameter @{
    '@odata.id' = "https://graph.microsoft.com/v1.0/groups/$GroupId"
}
