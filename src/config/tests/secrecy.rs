//! Where secrets come from, and that none gets out.

use super::*;

fn with_token(line: &str) -> Folder {
    Folder::with(&format!("{}{line}\n{PROVIDER}{NODE}", JENKINS.replace("token = \"TOKEN-OF-JO\"\n", "")))
}

#[test]
fn a_blank_at_the_end_of_a_password_counts_and_draws_a_warning() {
    let provider = PROVIDER.replace("password = \"PASSWORD-OF-ADEZA\"", "password_file = \"password\"");
    let folder = Folder::with(&format!("{JENKINS}{provider}{NODE}"));
    folder.write("password", "PASSWORD-OF-ADEZA \n", 0o600);
    assert_eq!(
        folder.plain(&folder.load().unwrap().warnings),
        [
            "mita.toml:8: provider.openstack.password_file: password begins or ends with a blank, which counts as a part of \
          the secret; remove it unless it is one"
        ]
    );
}

#[test]
fn a_secret_in_quotes_and_one_that_is_an_ordinary_word_draw_a_warning() {
    for (secret, told) in [
        ("\"TOKEN-OF-JO\"", Some("begins and ends with a quote, which counts as a part of the secret; ")),
        ("'TOKEN-OF-JO'", Some("begins and ends with a quote, ")),
        ("JENKINS_TOKEN=TOKEN-OF-JO", Some("begins with the name of a variable and =, ")),
        ("${OS_PASSWORD}", Some("is the name of a variable, which is not filled in here; ")),
        ("$ECRET-of-jo=", None),
        ("trustworthy", Some("is nothing but a few letters, which can be guessed, ")),
        ("trustworthyness-of-jo", None),
        ("\"", Some("is so short that mita cannot hide it")),
    ] {
        let folder = with_token("token_file = \"token\"");
        folder.write("token", secret, 0o600);
        let warnings = folder.plain(&folder.load().unwrap().warnings);
        let told = told.map(|told| format!("mita.toml:4: jenkins.token_file: token {told}"));
        assert_eq!(warnings.len(), usize::from(told.is_some()), "{warnings:?}");
        assert!(warnings.iter().zip(&told).all(|(warning, told)| warning.starts_with(told)), "{warnings:?}");
    }
}

#[test]
fn a_file_of_windows_in_utf16_is_called_by_its_name() {
    let folder = with_token("token_file = \"token\"");
    folder.write("token", b"\xff\xfet\0o\0k\0", 0o600);
    assert_eq!(
        folder.errors(),
        [
            "mita.toml:4: jenkins.token_file: token is UTF-16 text, as some programs of Windows write it; save it as UTF-8"
        ]
    );
}

#[test]
fn a_secret_comes_from_the_file_itself_from_another_one_or_from_the_environment() {
    let token = |folder: &Folder| folder.load_with(&[("JENKINS_TOKEN", "token 3")]).unwrap().config.jenkins.token;
    assert_eq!(token(&with_token("token = \"token 1\"")).expose(), "token 1");
    assert_eq!(token(&with_token("password = \"token 1\"")).expose(), "token 1");
    let in_file = with_token("token_file = \"token\"");
    in_file.write("token", " token 2 \n", 0o600);
    assert_eq!(token(&in_file).expose(), "token 2");
    in_file.write("token", "\u{feff}token 2 \r\n\r\n", 0o600);
    assert_eq!(token(&in_file).expose(), "token 2", "as an editor of Windows writes it");
    assert_eq!(token(&with_token("token_env = \"JENKINS_TOKEN\"")).expose(), "token 3");
}

#[test]
fn a_secret_that_is_not_there_says_where_it_was_looked_for() {
    for (line, reported) in [
        (
            "",
            "mita.toml:1: jenkins.token: is missing; give token_file with a file's name, token_env with a variable's name, \
             or token",
        ),
        ("token = \"\"", "mita.toml:4: jenkins.token: is empty; write the secret"),
        (
            "token_env = \"NOT_SET\"",
            "mita.toml:4: jenkins.token_env: the environment variable NOT_SET is not set; \
             set it where mita is started",
        ),
        (
            "token_env = \"hunter2=\"",
            "mita.toml:4: jenkins.token_env: is not the name of a variable; write the name and not the value",
        ),
        (
            "token_file = \"gone\"",
            "mita.toml:4: jenkins.token_file: gone does not exist; put the secret into it: (umask 077; cat > gone)",
        ),
        ("token_file = \".\"", "mita.toml:4: jenkins.token_file: . is a folder; name a file that this user can read"),
        ("token_file = \"empty\"", "mita.toml:4: jenkins.token_file: empty is empty; write the secret"),
        (
            "token_file = \"two\"",
            "mita.toml:4: jenkins.token_file: two holds a line break or another control character; \
             write the secret alone, in one line",
        ),
        (
            "token_file = \"binary\"",
            "mita.toml:4: jenkins.token_file: binary is not UTF-8 text from line 1 on; save it as UTF-8",
        ),
        ("token_file = \"~/token\"", "mita.toml:4: jenkins.token_file: ~ is not expanded here; write the whole path"),
        (
            "token_file = \"one\"\npassword_env = \"X\"",
            "mita.toml:5: jenkins.password_env: gives the same secret as token_file in line 4; keep one of the two",
        ),
    ] {
        let folder = with_token(line);
        folder.write("one", "hunter2", 0o600);
        folder.write("empty", "\n", 0o600);
        folder.write("two", "hunter2\nhunter3\n", 0o600);
        folder.write("binary", b"\xff\xfe", 0o600);
        assert_eq!(folder.errors(), [reported], "{line}");
    }
}

#[test]
fn a_file_of_secrets_that_others_can_read_draws_a_warning() {
    let folder = with_token("token_file = \"token\"");
    folder.write("token", "TOKEN\n", 0o640);
    folder.write("mita.toml", fs::read(folder.0.path().join("mita.toml")).unwrap(), 0o644);
    assert_eq!(
        folder.plain(&folder.load().unwrap().warnings),
        [
            "mita.toml:4: jenkins.token_file: token can be read by others (mode 0640): chmod 600 token",
            "mita.toml:8: provider.openstack.password: mita.toml holds a secret and can be read by others (mode 0644): \
             chmod 600 mita.toml",
        ]
    );
}

#[test]
fn a_file_without_secrets_may_be_read_by_anybody() {
    let folder = Folder::with(&format!("{JENKINS}{PROVIDER}{NODE}"));
    let text = fs::read_to_string(folder.0.path().join("mita.toml")).unwrap();
    let text = text.replace("token = \"TOKEN-OF-JO\"", "token_env = \"A\"");
    folder.write("mita.toml", text.replace("password = \"PASSWORD-OF-ADEZA\"", "password_env = \"A\""), 0o644);
    assert_eq!(folder.load_with(&[("A", "SECRET")]).unwrap().warnings, [""; 0]);
}

#[test]
fn s9_no_secret_is_in_the_debug_output_of_a_configuration_or_in_a_complaint() {
    let good = Folder::with(&format!("{JENKINS}{PROVIDER}{NODE}")).load().unwrap();
    let shown = format!("{good:?}");
    assert!(!shown.contains("TOKEN-OF-JO") && !shown.contains("PASSWORD-OF-ADEZA"), "{shown}");

    let text = format!(
        "[jenkins]\nurl = \"https://jo:hunter2@ci/\"\nuser = \"a:hunter2\"\ntoken = [\"hunter2\"]\n\
         [provider.openstack]\nauth_url = \"http://a/?hunter2\"\nusername = \"a\"\npassword = \"hunter2\\nhunter2\"\n\
         [provider.b]\nauth_url = \"http://hunter2@b\"\nusername = \"a\"\npassword = \" hunter2\"\nproject_id = \"\"\n{NODE}"
    );
    let reported = Folder::with(&text).errors().join("\n");
    assert!(!reported.contains("hunter2"), "{reported}");
    assert_eq!(reported.lines().count(), 7, "{reported}");
}
