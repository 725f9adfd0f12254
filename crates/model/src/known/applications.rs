//! Well-known applications, and the members of the two suites that policies name.
//!
//! Microsoft publishes the members of Office 365 by name only (December 2024). The ids below are
//! exact name matches; an application outside the table may still belong to the suite, so that its
//! membership is unknown and not denied.

/// `Office365` in policies.
pub const OFFICE_365: &str = "Office365";
/// `MicrosoftAdminPortals` in policies.
pub const ADMIN_PORTALS: &str = "MicrosoftAdminPortals";
/// Windows Azure Active Directory: judged for sign-ins that ask for baseline scopes only.
pub const WINDOWS_AZURE_ACTIVE_DIRECTORY: &str = "00000002-0000-0000-c000-000000000000";
/// Windows Azure Service Management API.
pub const AZURE_MANAGEMENT: &str = "797f4846-ba00-4fd7-ba43-dac1f8f63013";
/// Azure portal, Entra and Intune admin centres share this id.
pub const AZURE_PORTAL: &str = "c44b4083-3bb0-49c1-b47d-974e53cbdf3c";
/// Intune Enrollment.
pub const INTUNE_ENROLLMENT: &str = "d4ebce55-015a-49b5-a083-c84d1797ae8c";
/// Exchange Online.
pub const EXCHANGE_ONLINE: &str = "00000002-0000-0ff1-ce00-000000000000";
/// SharePoint Online.
pub const SHAREPOINT_ONLINE: &str = "00000003-0000-0ff1-ce00-000000000000";
/// Teams services.
pub const TEAMS: &str = "cc15fd57-2c6c-4117-a88c-83b1d56b4bbe";

/// Members of Office 365: id and name.
pub const OFFICE_365_MEMBERS: &[(&str, &str)] = &[
    ("00000002-0000-0ff1-ce00-000000000000", "Office 365 Exchange Online"),
    ("00000003-0000-0ff1-ce00-000000000000", "Office 365 SharePoint Online"),
    ("00000004-0000-0ff1-ce00-000000000000", "Skype for Business Online"),
    ("00000005-0000-0ff1-ce00-000000000000", "Viva Engage"),
    ("00000006-0000-0ff1-ce00-000000000000", "Microsoft Office 365 Portal"),
    ("00000007-0000-0ff1-ce00-000000000000", "Microsoft Exchange Online Protection"),
    ("cc15fd57-2c6c-4117-a88c-83b1d56b4bbe", "Microsoft Teams Services"),
    ("1fec8e78-bce4-4aaf-ab1b-5451cc387264", "Microsoft Teams"),
    ("5e3ce6c0-2b1f-4285-8d4b-75ee78787346", "Microsoft Teams Web Client"),
    ("e1829006-9cf1-4d05-8b48-2e665cb48e6a", "Microsoft Teams Web Client"),
    ("b55b276d-2b09-4ad2-8de5-f09cf24ffba9", "Microsoft Teams - Teams And Channels Service"),
    ("b1379a75-ce5e-4fa3-80c6-89bb39bf646c", "Microsoft Teams Chat Aggregator"),
    ("ab3be6b7-f5df-413d-ac2d-abf1e3fd9c0b", "Microsoft Teams Graph Service"),
    ("51133ff5-8e0d-4078-bcca-84fb7f905b64", "Microsoft Teams Mailhook"),
    ("75efb5bc-18a1-4e7b-8a66-2ad2503d79c6", "Microsoft Teams Retail Service"),
    ("8e14e873-35ba-4720-b787-0bed94370b17", "Microsoft Teams Targeting Application"),
    ("1996141e-2b07-4491-927a-5a024b335c78", "Microsoft Teams UIS"),
    ("e1979c22-8b73-4aed-a4da-572cc4d0b832", "App Studio for Microsoft Teams"),
    ("6bc3b958-689b-49f5-9006-36d165f30e00", "Teams CMD Services Artifacts"),
    ("48ac35b8-9aa8-4d74-927d-1f4a14a0b239", "Skype and Teams Tenant Admin API"),
    ("7557eb47-c689-4224-abcf-aef9bd7573df", "Skype for Business"),
    ("1e70cd27-4707-4589-8ec5-9bd20c472a46", "Skype Presence Service"),
    ("39aaf054-81a5-48c7-a4f8-0293012095b9", "IC3 Gateway"),
    ("4580fd1d-e5a3-4f56-9ad1-aab0e3bf8f76", "Call Recorder"),
    ("48af08dc-f6d2-435f-b2a7-069abd99c086", "Connectors"),
    ("4c4f550b-42b2-4a16-93f9-fdb9e01bb6ed", "Targeted Messaging Service"),
    ("c9a559d2-7aab-4f13-a6ed-e7e9c52aec87", "Microsoft Forms"),
    ("905fcf26-4eb7-48a0-9ff0-8dcc7194b5ba", "Sway"),
    ("95de633a-083e-42f5-b444-a4295d8e9314", "Microsoft Whiteboard Services"),
    ("cf53fce8-def6-4aeb-8d30-b158e7b1cf83", "Microsoft Stream Portal"),
    ("2634dd23-5e5a-431c-81ca-11710d9079f4", "Service"),
    ("6204c1d1-4712-4c46-a7d9-3ed63d992682", "Microsoft Flow Portal"),
    ("475226c6-020e-4fb2-8a90-7a972cbfc1d4", "PowerApps Service"),
    ("a8f7a65c-f5ba-4859-b2d6-df772c264e9d", "make.powerapps.com"),
    ("09abbdfd-ed23-44ee-a2d9-a627aa1c90f3", "ProjectWorkManagement"),
    ("8f348934-64be-4bb2-bc16-c54c96789f43", "EDU Assignments"),
    ("40775b29-2688-46b6-a3b5-b256bd04df9f", "Microsoft Information Protection API"),
    ("00695ed2-3202-4156-8da1-69f60065e255", "Microsoft Visio Data Visualizer"),
    ("394866fc-eedb-4f01-8536-3ff84b16be2a", "Microsoft People Cards Service"),
    ("6f82282e-0070-4e78-bc23-e6320c5fa7de", "Microsoft Discovery Service"),
    ("944f0bd1-117b-4b1c-af26-804ed95e767e", "Media Analysis and Transformation Service"),
    ("0cd196ee-71bf-4fd6-a57c-b491ffd4fb1e", "Media Analysis and Transformation Service"),
    ("dcad865d-9257-4521-ad4d-bae3e137b345", "Microsoft SharePoint Online - SharePoint Home"),
    ("08e18876-6177-487e-b8b5-cf950c1e598c", "SharePoint Online Web Client Extensibility"),
    ("3bc2296e-aa22-4ed2-9e1e-946d05afa6a2", "Isolated"),
    ("6b91db1b-f05b-405a-a0b2-e3f60b28d645", "M365 Admin Services"),
    ("4345a7b9-9a63-4910-a426-35363201d503", "O365 Suite UX"),
    ("23c898c1-f7e8-41da-9501-f16571f8d097", "OCPS Checkin Service"),
    ("66a88757-258c-4c72-893c-3e8bed4d6899", "Office 365 Search Service"),
    ("94c63fef-13a3-47bc-8074-75af8c65887a", "Office Delve"),
    ("166f1b03-5b19-416f-a94b-1d7aa2d247dc", "Office Hive"),
    ("93d53678-613d-4013-afc1-62e9e444a0a5", "Office Online Add-in SSO"),
    ("243c63a3-247d-41c5-9d83-7788c43f1c43", "Core SSO"),
    ("3ce44149-e365-40e4-9bb4-8c0ecb710fe6", "Office Online Print SSO"),
    ("5a4eed13-c4c4-4b4c-9506-334ab200bf31", "Search SSO"),
    ("62fd1447-0ef3-4ab7-a956-7dd05232ecc1", "Office Scripts Service"),
    ("b97b6bd4-a49f-4a0c-af18-af507d1da76c", "Shredding Service"),
    ("4b233688-031c-404b-9a80-a4f3f2351f90", "Office.com"),
    ("4765445b-32c6-49b0-83e6-1d93765276ca", "OfficeHome"),
    ("89bee1f7-5e6e-4d8a-9f3d-ecd601259da7", "Office365 Shell WCSS-Client"),
    ("0f698dd4-f011-4d23-a33e-b36416dcb1e6", "OfficeClientService"),
    ("9e4a5442-a5c9-4f6f-b03f-5b9fcaaf24b1", "OfficeServicesManager"),
    ("d3590ed6-52b3-4102-aeff-aad2292ab01c", "Microsoft Office"),
    ("72782ba9-4490-4f03-8d82-562370ea3566", "Office 365"),
    ("9199bf20-a13f-4107-85dc-02114787ef48", "One Outlook Web"),
    ("0e90d0b8-039a-4936-a6f4-d25dd510be5d", "Message Recall"),
    ("18f36947-75b0-49fb-8d1c-29584a55cac5", "Reply-At-Mention"),
    ("b26aadf8-566f-4478-926f-589f601d9c74", "OneDrive"),
    ("ab9b8c07-8f02-4f72-87fa-80105867a763", "OneDrive SyncEngine"),
    ("2d4d3d8e-2be3-4bef-9f87-7875a61c29de", "OneNote"),
];

/// Members of the Microsoft admin portals that are sure: from Microsoft's mandatory-MFA page, and
/// one from observed sign-ins.
pub const ADMIN_PORTAL_MEMBERS: &[&str] = &[AZURE_PORTAL, "80ccca67-54bd-44ab-8625-4b79c4dc7775"];

/// Members of the admin portals by name only: membership is unknown.
pub const ADMIN_PORTAL_CANDIDATES: &[&str] = &[
    "497effe9-df71-4043-a8bb-14cf78c4b63b",
    "00000006-0000-0ff1-ce00-000000000000",
    "2ddfbe71-ed12-4123-b99b-d5fc8a062a79",
];

/// Applications that a policy for Azure management also covers.
pub const AZURE_MANAGEMENT_MEMBERS: &[&str] = &[
    AZURE_MANAGEMENT,
    AZURE_PORTAL,
    "f5c26e74-f226-4ae8-85f0-b4af0080ac9e",
    "ca7f3f0b-7d91-482c-8e09-c5d840d0eac5",
    "e9f49c6b-5ce5-44c8-925d-015017e9f7ad",
];

/// Other well-known applications: id and name.
pub const APPLICATIONS: &[(&str, &str)] = &[
    ("797f4846-ba00-4fd7-ba43-dac1f8f63013", "Windows Azure Service Management API"),
    ("d4ebce55-015a-49b5-a083-c84d1797ae8c", "Microsoft Intune Enrollment"),
    ("0000000a-0000-0000-c000-000000000000", "Microsoft Intune"),
    ("0af06dc6-e4b5-4f28-818e-e78e62d137a5", "Windows 365"),
    ("270efc09-cd0d-444b-a71f-39af4910ec45", "Windows Cloud Login"),
    ("9cdead84-a844-4324-93f2-b2e6bb768d07", "Azure Virtual Desktop"),
    ("00000002-0000-0000-c000-000000000000", "Windows Azure Active Directory"),
    ("00000012-0000-0000-c000-000000000000", "Microsoft Rights Management Services"),
    ("a4a365df-50f1-4397-bc59-1a1564b8bb9c", "Microsoft Remote Desktop"),
    ("499b84ac-1321-427f-aa17-267ca6975798", "Azure DevOps"),
    ("372140e0-b3b7-4226-8ef9-d57986796201", "Azure Windows VM Sign-In"),
    ("ce6ff14a-7fdc-4685-bbe0-f6afdfcfa8e0", "Azure Linux VM Sign-In"),
    ("14d82eec-204b-4c2f-b7e8-296a70dab67e", "Microsoft Graph Command Line Tools"),
    ("00000003-0000-0000-c000-000000000000", "Microsoft Graph"),
    ("c44b4083-3bb0-49c1-b47d-974e53cbdf3c", "Azure Portal"),
    ("80ccca67-54bd-44ab-8625-4b79c4dc7775", "Microsoft 365 Security and Compliance Center"),
    ("497effe9-df71-4043-a8bb-14cf78c4b63b", "Exchange admin center"),
    ("2ddfbe71-ed12-4123-b99b-d5fc8a062a79", "Teams admin center"),
    ("04b07795-8ddb-461a-bbee-02f9e1bf7b46", "Azure CLI"),
    ("1950a258-227b-4e31-a9cf-717495945fc2", "Azure PowerShell"),
    ("01cb2876-7ebd-4aa4-9cc9-d28bd4d359a9", "Device Registration Service"),
    ("f5c26e74-f226-4ae8-85f0-b4af0080ac9e", "Application Insights API"),
    ("ca7f3f0b-7d91-482c-8e09-c5d840d0eac5", "Log Analytics API"),
    ("e9f49c6b-5ce5-44c8-925d-015017e9f7ad", "Azure Data Lake"),
    ("29d9ed98-a469-4536-ade2-f981bc1d605e", "Authentication Broker"),
    ("00000009-0000-0000-c000-000000000000", "Power BI Service"),
    ("00000007-0000-0000-c000-000000000000", "Dataverse"),
    ("0000000c-0000-0000-c000-000000000000", "App Access Panel"),
    ("19db86c3-b2b9-44cc-b339-36da233a3be2", "My Signins"),
];

/// The name of an application, where this build knows it.
pub fn application_name(app_id: &str) -> Option<&'static str> {
    OFFICE_365_MEMBERS
        .iter()
        .chain(APPLICATIONS)
        .find(|(id, _)| id.eq_ignore_ascii_case(app_id))
        .map(|(_, name)| *name)
}

/// The id of an application by its well-known name, without regard to case.
pub fn application_id(name: &str) -> Option<&'static str> {
    OFFICE_365_MEMBERS
        .iter()
        .chain(APPLICATIONS)
        .find(|(_, known)| known.eq_ignore_ascii_case(name))
        .map(|(id, _)| *id)
}

/// The applications whose names have every word of a text, without regard to case: id and name.
pub fn applications_like(text: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let wanted: Vec<String> = text.to_lowercase().split_whitespace().map(str::to_owned).collect();
    OFFICE_365_MEMBERS.iter().chain(APPLICATIONS).copied().filter(move |(_, name)| {
        let name = name.to_lowercase();
        !wanted.is_empty() && wanted.iter().all(|word| name.contains(word.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_is_found_by_some_words_of_its_name() {
        let found: Vec<_> = applications_like("365 sharepoint ONLINE").map(|(id, _)| id).collect();
        assert_eq!(found, [SHAREPOINT_ONLINE]);
        assert_eq!(applications_like(" ").count(), 0);
    }

    #[test]
    fn the_suites_services_have_names_both_ways() {
        assert_eq!(application_name(TEAMS), Some("Microsoft Teams Services"));
        assert_eq!(application_id("azure devops"), Some("499b84ac-1321-427f-aa17-267ca6975798"));
    }

    #[test]
    fn no_application_is_listed_twice() {
        let mut ids: Vec<_> =
            OFFICE_365_MEMBERS.iter().chain(APPLICATIONS).map(|(id, _)| *id).collect();
        ids.sort_unstable();
        let all = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), all);
    }
}
