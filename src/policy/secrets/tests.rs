use super::*;

fn kinds(text: &str) -> Vec<&'static str> {
    in_text(text).unwrap().iter().map(|secret| secret.kind).collect()
}

/// Put together here, so that no scanner takes this file for a leak.
fn join(parts: &[&str]) -> String {
    parts.concat()
}

const DRAWN: &str = "x7Kq2LmN9pRs4TvW8yZa1BcD3eFg5HiJ6kLmQ0wE2rT4yU6iO8pA1sD3fG5hJ7kL9zX2cV4bN6mQ8wE";
const HEX: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

#[test]
fn the_formats_of_the_providers_are_known() {
    let drawn = |n: usize| DRAWN.get(..n).unwrap();
    let hex = |n: usize| HEX.get(..n).unwrap();
    let cases: Vec<(&str, String)> = vec![
        ("aws-access-key", join(&["AKIA", "QYLPMN5HNM4OKSTB"])),
        ("aws-access-key", join(&["ASIA", "1234567890ABCDEF"])),
        ("aws-secret-key", join(&["aws_secret_access_key = ", "wJalrXUtnFEMI7K7MDENGbPxRfiCYzQ3mT8vLk2p"])),
        ("github-token", join(&["ghp_", drawn(36)])),
        ("github-token", join(&["github_pat_", drawn(22), "_", DRAWN.get(20..79).unwrap()])),
        ("gitlab-token", join(&["glpat-", drawn(20)])),
        ("slack-token", join(&["xoxb-", "263594206564-2343594206574-", drawn(24)])),
        ("slack-webhook", join(&["https://hooks.slack.com/services/", "T0A1B2C3D/B4E5F6G7H/", drawn(24)])),
        ("stripe-key", join(&["sk_live_", drawn(24)])),
        ("google-api-key", join(&["AIza", drawn(35)])),
        ("azure-storage-key", join(&["AccountKey=", drawn(79), "aB3dE5g", "=="])),
        ("npm-token", join(&["npm_", drawn(36)])),
        ("pypi-token", join(&["pypi-AgEIcHlwaS5vcmc", drawn(60)])),
        ("sendgrid-key", join(&["SG.", drawn(22), ".", drawn(43)])),
        ("twilio-key", join(&["TWILIO_KEY=SK", hex(32)])),
        ("openai-key", join(&["sk-proj-", drawn(30), "T3BlbkFJ", drawn(30)])),
        ("anthropic-key", join(&["sk-ant-", "api03-", drawn(79), "aB"])),
        ("digitalocean-token", join(&["dop_v1_", hex(64)])),
        ("vault-token", join(&["hvs.", drawn(30)])),
        ("terraform-token", join(&[drawn(14), ".atlasv1.", drawn(64)])),
        ("jwt", join(&["eyJhbGciOiJSUzI1NiJ9", ".eyJpc3MiOiJhY21lIn0", ".", drawn(43)])),
    ];
    for (kind, token) in cases {
        for (before, behind) in [("", ""), ("x = \"", "\"\n"), ("a\nb: ", "\n"), ("'", "',"), ("(", ")")] {
            let text = join(&[before, &token, behind]);
            assert_eq!(kinds(&text), [kind], "{text}");
        }
    }
}

#[test]
fn private_keys_are_known_with_a_body_and_not_without() {
    let body = "MIIEpAIBAAKCAQEAx7Vq3bT0MIIEpAIBAAKCAQEAx7Vq3bT0";
    for kind in ["", "RSA ", "EC ", "DSA ", "OPENSSH ", "ENCRYPTED "] {
        let head = join(&["-----BEGIN ", kind, "PRIVATE KEY-----"]);
        assert_eq!(kinds(&join(&[&head, "\n", body, "\n"])), ["private-key"]);
        assert_eq!(kinds(&join(&["\"", &head, "\\n", body, "\\n\""])), ["private-key"]);
        assert_eq!(
            kinds(&join(&[&head, "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES,0\n\n", body])),
            ["private-key"]
        );
        assert!(kinds(&join(&["if line == \"", &head, "\" {"])).is_empty());
    }
    let pgp = join(&["-----BEGIN PGP PRIVATE KEY BLOCK-----", "\nVersion: GnuPG v1\n\n", body]);
    assert_eq!(kinds(&pgp), ["private-key"]);
    assert!(kinds(&join(&["-----BEGIN PUBLIC KEY-----\n", body])).is_empty());
}

#[test]
fn examples_and_placeholders_are_none() {
    for text in [
        join(&["AKIA", "IOSFODNN7EXAMPLE"]),
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
        join(&["ghp_", &"x".repeat(36)]),
        join(&["AKIA", &"X".repeat(16)]),
        join(&["sk_live_", "abcdefghijklmnopqrstuvwx"]),
        join(&["A", "AKIA", "QYLPMN5HNM4OKSTB"]),
        join(&["AKIA", "QYLPMN5HNM4OKSTBZZ"]),
        "password = \"${PASSWORD}\"".to_owned(),
        "password = \"changeme\"".to_owned(),
        "password: \"correct horse battery staple\"".to_owned(),
        "token = os.environ[\"TOKEN\"]".to_owned(),
        "token = get_token(request, 1234567)".to_owned(),
        "secret_key = settings.DATABASE_SECRET_KEY_2".to_owned(),
        "password = \"<your-password-1a2b3c>\"".to_owned(),
        "api_key = \"abcdefghijklmnop\"".to_owned(),
        "password_hash = \"kT9vQ2zLw8Rm4xJp7Hs\"".to_owned(),
        "checksum = \"kT9vQ2zLw8Rm4xJp7Hs\"".to_owned(),
        "if token == \"kT9vQ2zLw8Rm4xJp7Hs\"".to_owned(),
        "the password is: remembered".to_owned(),
        "const TOKEN_KIND: &str = \"identifier-kind\"".to_owned(),
        "postgres://user:password@localhost/db".to_owned(),
        "https://host:8080/path".to_owned(),
        "http://[::1]:80/x@y".to_owned(),
    ] {
        assert!(kinds(&text).is_empty(), "{text}: {:?}", kinds(&text));
    }
}

#[test]
fn passwords_that_are_written_out_are_likely_ones() {
    for text in [
        "db_password = \"kT9vQ2zLw8Rm4xJp7Hs\"",
        "\"password\": \"kT9$vQ2zLw8#Rm4x\",",
        "API_KEY=9f86d081884c7d659a2feaa0c55ad015",
        "  apiKey: 'Zm9v2Bar8Qx1Lp4'",
        "config[\"secret\"] = \"p4Zx9Qm2Lr7T\"",
        "token := `a8F3kd92Lsm3Qp`",
        "postgres://app:S3cr9tPw7x@db.internal/app",
    ] {
        let found = in_text(text).unwrap();
        assert_eq!(found.len(), 1, "{text}");
        assert!(!found[0].is_certain);
    }
}

#[test]
fn places_are_told_and_texts_are_not() {
    let text = join(&["é\n  ü = AKIA", "QYLPMN5HNM4OKSTB\n\n\nghp_", DRAWN.get(..36).unwrap()]);
    let found = in_text(&text).unwrap();
    assert_eq!((found[0].line, found[0].column), (2, 7));
    assert_eq!((found[1].line, found[1].column), (5, 1));
    assert!(!format!("{found:?}").contains("QYLP"));
}
