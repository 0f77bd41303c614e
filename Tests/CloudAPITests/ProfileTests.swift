import Base
import CloudAPI
import TestKit
import Testing

/// The shared files of AWS's tools.
@Suite(.timeLimit(.minutes(2))) struct ProfileTests {
    private let folder: TemporaryFolder
    private let environment: [String: String]

    init() throws {
        folder = try TemporaryFolder()
        environment = [
            "HOME": folder.path, "AWS_CONFIG_FILE": "~/config",
            "AWS_SHARED_CREDENTIALS_FILE": "\(folder.path)/credentials",
            "AWS_EC2_METADATA_DISABLED": "true",
        ]
    }

    private func chain(
        _ profile: String?, _ more: [String: String] = [:], http: any HTTPSender = ScriptedSender([])
    ) -> CredentialChain {
        CredentialChain.aws(
            CredentialChain.Wishes(profile: profile), region: "us-east-1",
            environment: environment.merging(more) { $1 }, http: http, time: SystemTime())
    }

    @Test func mergesBothFiles() async throws {
        try folder.write(
            "config",
            """
            # a comment
            [default]
            region = eu-west-1 ; where
            aws_access_key_id = from-config
            [profile prod]
            REGION=eu-central-1
            s3 =
              max_concurrent_requests = 20
              aws_access_key_id = nested
            [sso-session x]
            aws_access_key_id = other
            """)
        try folder.write(
            "credentials",
            """
            [default]
            aws_access_key_id = AK-default
            aws_secret_access_key = a=b#c
            [prod]
            aws_access_key_id=AK-prod
            aws_secret_access_key=SK-prod # not part
            aws_session_token = TK
            """)
        let plain = try await chain(nil).credentials()
        #expect(
            plain.accessKeyID == "AK-default" && plain.secretAccessKey == Secret("a=b#c") && plain.sessionToken == nil)
        for prod in [chain("prod"), chain(nil, ["AWS_PROFILE": "prod"])] {
            let found = try await prod.credentials()
            #expect(found.accessKeyID == "AK-prod" && found.secretAccessKey == Secret("SK-prod"))
            #expect(found.sessionToken == Secret("TK"))
        }
        #expect(try RegionResolver.region(nil, environment: environment) == "eu-west-1")
        #expect(try RegionResolver.region(nil, profile: "prod", environment: environment) == "eu-central-1")
        #expect(
            try RegionResolver.region(
                nil, environment: environment.merging(["AWS_REGION": "r1", "AWS_DEFAULT_REGION": "r2"]) { $1 }) == "r1")
        #expect(
            try RegionResolver.region(nil, environment: environment.merging(["AWS_DEFAULT_REGION": "r2"]) { $1 })
                == "r2")
        #expect(try RegionResolver.region("mine", environment: ["AWS_REGION": "r1"]) == "mine")
        await expectCode("credentials-failed") { _ = try await chain("absent").credentials() }
    }

    @Test func takesOnRolesOfOtherProfiles() async throws {
        let peer = try await CloudPeer.moto()
        try folder.write(
            "config",
            """
            [profile role]
            role_arn = \(peer.text("roleARN"))
            source_profile = base
            role_session_name = night
            [profile self]
            role_arn = \(peer.text("roleARN"))
            source_profile = self
            aws_access_key_id = \(peer.text("accessKeyID"))
            aws_secret_access_key = \(peer.text("secretAccessKey"))
            [profile env]
            role_arn = \(peer.text("roleARN"))
            credential_source = Environment
            [profile a]
            role_arn = x
            source_profile = b
            [profile b]
            role_arn = x
            source_profile = a
            [profile nobody]
            role_arn = x
            """)
        try folder.write(
            "credentials",
            "[base]\naws_access_key_id=\(peer.text("accessKeyID"))\naws_secret_access_key=\(peer.text("secretAccessKey"))\n"
        )
        let more = [
            "AWS_ENDPOINT_URL_STS": peer.text("endpoint"), "AWS_ACCESS_KEY_ID": peer.text("accessKeyID"),
            "AWS_SECRET_ACCESS_KEY": peer.text("secretAccessKey"),
        ]
        for profile in ["role", "self", "env"] {
            let found = try await chain(profile, more, http: CloudPeer.http).credentials()
            #expect(found.accessKeyID.hasPrefix("ASIA") && found.sessionToken != nil, "\(profile)")
        }
        for profile in ["a", "nobody"] {
            await expectCode("credentials-failed") { _ = try await chain(profile, more).credentials() }
        }
    }

    @Test func runsCredentialProcesses() async throws {
        let script = try folder.write(
            "give keys.sh",
            """
            test "$#" = 2 -a "$1" = 'a $HOME;b' -a "$2" = c || exit 3
            echo '{"Version":1,"AccessKeyId":"AK","SecretAccessKey":"SK","Expiration":"2030-01-01T00:00:00Z"}'
            """)
        try folder.write(
            "config",
            """
            [profile right]
            credential_process = /bin/sh "\(script)" 'a $HOME;b' c
            [profile fails]
            credential_process = /bin/sh -c "exit 7"
            [profile absent]
            credential_process = /nowhere/program
            [profile noise]
            credential_process = /bin/echo hello
            [profile endless]
            credential_process = /bin/cat /dev/zero
            [profile quote]
            credential_process = /bin/echo "x
            """)
        let found = try await chain("right").credentials()
        #expect(found.accessKeyID == "AK" && found.expiresAt != nil)
        for profile in ["fails", "absent", "noise", "endless", "quote"] {
            await expectCode("credentials-failed") { _ = try await chain(profile).credentials() }
        }
    }
}
