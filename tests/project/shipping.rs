//! What a distribution and a cluster get: the package's files, the units, the manifests. Each is read as the program that it
//! is for reads it, and each command line of mita in it is one that mita takes.

use crate::harness::example;
use clap::Parser;
use mita::cli::Arguments;
use mita::config::manual;
use saphyr::{LoadableYamlNode, Yaml};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The values of a unit by section and key (systemd.syntax(7)).
fn unit(file: &str) -> BTreeMap<(String, String), Vec<String>> {
    let mut values: BTreeMap<_, Vec<String>> = BTreeMap::new();
    let mut section = String::new();
    for line in read(file).lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').to_owned();
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or_else(|| panic!("{file}: {line}"));
        values.entry((section.clone(), key.to_owned())).or_default().push(value.to_owned());
    }
    values
}

fn documents(file: &str) -> Vec<Yaml<'static>> {
    let text: &'static str = Box::leak(read(file).into_boxed_str());
    Yaml::load_from_str(text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// What lies at a path of keys and numbers.
fn at<'y>(mut node: &'y Yaml<'static>, path: &str) -> &'y Yaml<'static> {
    for step in path.split('.') {
        let next = match step.parse::<usize>() {
            Ok(number) => node.as_sequence().and_then(|items| items.get(number)),
            Err(_) => node.as_mapping_get(step),
        };
        node = next.unwrap_or_else(|| panic!("there is no {step} of {path} in {node:?}"));
    }
    node
}

fn texts(node: &Yaml<'static>) -> Vec<String> {
    let items = node.as_sequence().unwrap_or_else(|| panic!("a list and not {node:?}"));
    items.iter().map(|item| item.as_str().expect("a text").to_owned()).collect()
}

#[track_caller]
fn assert_taken(line: &[String]) {
    if let Err(error) = Arguments::try_parse_from(line) {
        let help = error.exit_code() == 0;
        assert!(help, "mita does not take {line:?}: {error}");
    }
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(|word| word.trim_matches('\'').to_owned()).collect()
}

fn job() -> Yaml<'static> {
    let documents = documents("examples/kubernetes/cronjob.yaml");
    documents.into_iter().find(|document| at(document, "kind").as_str() == Some("CronJob")).expect("a CronJob")
}

/// The JSON list after a word at the start of a line of the container file.
fn instruction(word: &str) -> Vec<String> {
    let text = read("examples/container/Containerfile");
    let line = text.lines().find_map(|line| line.strip_prefix(word)).expect(word).to_owned();
    serde_json::from_str(&line).expect("a list of texts")
}

#[test]
fn every_command_line_of_units_manifests_and_the_container_is_one_that_mita_takes() {
    let service = unit("examples/systemd/mita.service");
    let [start] = service[&("Service".into(), "ExecStart".into())].as_slice() else { panic!("one program") };
    assert_taken(&words(start));
    let arguments = texts(at(&job(), "spec.jobTemplate.spec.template.spec.containers.0.args"));
    assert_taken(&[vec!["mita".to_owned()], arguments].concat());
    assert_taken(&[instruction("ENTRYPOINT "), instruction("CMD ")].concat());
    assert!(
        Arguments::try_parse_from(["mita", "reconcile", "--no-such"]).is_err(),
        "a wrong one is told from a right one"
    );
}

#[test]
fn every_command_line_of_the_documents_is_one_that_mita_takes() {
    let mut seen = 0;
    for document in ["README.md", "examples/deployment.md", "examples/troubleshooting.md"] {
        for line in read(document).lines().filter_map(|line| line.strip_prefix("    ")) {
            let line = line.strip_prefix("sudo -u mita ").unwrap_or(line);
            // What stands behind two blanks is said about it.
            let line = line.split("  ").next().unwrap_or(line);
            if line.starts_with("mita ") && !line.contains(['|', '>']) {
                assert_taken(&words(line));
                seen += 1;
            }
        }
    }
    assert!(seen > 12, "only {seen} command lines");
}

#[test]
fn the_unit_is_hardened_and_agrees_with_the_package_on_user_and_folders() {
    let service = unit("examples/systemd/mita.service");
    let value = |key: &str| service.get(&("Service".to_owned(), key.to_owned())).map(|values| values.join("\n"));
    for key in [
        "ProtectSystem",
        "ProtectHome",
        "PrivateTmp",
        "PrivateDevices",
        "NoNewPrivileges",
        "CapabilityBoundingSet",
        "MemoryDenyWriteExecute",
        "RestrictAddressFamilies",
        "SystemCallFilter",
    ] {
        assert!(value(key).is_some(), "{key}");
    }
    assert_eq!(value("ProtectSystem").as_deref(), Some("strict"));
    let state_file = Path::new("/var/lib").join(value("StateDirectory").expect("a folder")).join("state.json");
    let told = manual().into_iter().flat_map(|table| table.keys).find(|key| key.name == "state_file").expect("the key");
    assert_eq!(Path::new(told.default), state_file);
    let postinst = read("examples/debian/postinst");
    let user = value("User").expect("a user");
    assert!(postinst.contains(&format!("getent passwd {user} ")));
    assert!(postinst.contains(&format!("install -d -m 700 -o {user} -g {user} /var/lib/mita")));
    let timer = unit("examples/systemd/mita.timer");
    assert_eq!(timer[&("Timer".to_owned(), "OnCalendar".to_owned())], ["*:*:10,40"]);
    assert_eq!(timer[&("Install".to_owned(), "WantedBy".to_owned())], ["timers.target"]);
}

#[test]
fn the_cron_job_never_runs_twice_and_mounts_what_the_configuration_needs() {
    let documents = documents("examples/kubernetes/cronjob.yaml");
    for document in &documents {
        for key in ["apiVersion", "kind", "metadata.name", "spec"] {
            at(document, key);
        }
    }
    let job = job();
    assert_eq!(at(&job, "spec.schedule").as_str(), Some("* * * * *"));
    assert_eq!(at(&job, "spec.concurrencyPolicy").as_str(), Some("Forbid"));
    let pod = at(&job, "spec.jobTemplate.spec.template.spec");
    assert_eq!(at(pod, "restartPolicy").as_str(), Some("Never"));
    let names = |path: &str| -> BTreeSet<String> {
        let items = at(pod, path).as_sequence().expect("a list");
        items.iter().map(|item| at(item, "name").as_str().expect("a name").to_owned()).collect()
    };
    assert_eq!(names("containers.0.volumeMounts"), names("volumes"));
    let mounts = at(pod, "containers.0.volumeMounts").as_sequence().expect("a list");
    let mount = |name: &str| {
        let mount = mounts.iter().find(|mount| at(mount, "name").as_str() == Some(name)).expect(name);
        at(mount, "mountPath").as_str().expect("a path")
    };
    assert_eq!(mount("state"), "/var/lib/mita");
    let arguments = texts(at(pod, "containers.0.args"));
    assert!(arguments.contains(&format!("{}/mita.toml", mount("config"))), "{arguments:?}");
    let claim = at(&documents[0], "metadata.name").as_str();
    let claimed = at(pod, "volumes.2.persistentVolumeClaim.claimName").as_str();
    assert_eq!((at(&documents[0], "kind").as_str(), claim), (Some("PersistentVolumeClaim"), claimed));
    let image = at(pod, "containers.0.image").as_str();
    assert_eq!(image, Some(concat!("mita:", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn the_container_runs_as_the_user_of_the_cron_job() {
    let user = at(&job(), "spec.jobTemplate.spec.template.spec.securityContext.runAsUser").as_integer();
    let text = read("examples/container/Containerfile");
    assert!(text.contains(&format!("\nUSER {0}:{0}\n", user.expect("a number"))));
    for line in text.lines().filter_map(|line| line.strip_prefix("COPY --from=build --chown=")) {
        assert!(line.starts_with("10001:10001 "), "{line}");
    }
}

/// What the package holds: each source and where it goes.
fn assets() -> Vec<(String, String)> {
    let manifest: toml::Table = read("Cargo.toml").parse().expect("TOML");
    let assets = manifest["package"]["metadata"]["deb"]["assets"].as_array().expect("a list").clone();
    let text = |asset: &toml::Value, index: usize| asset[index].as_str().expect("a text").to_owned();
    assets.iter().map(|asset| (text(asset, 0), text(asset, 1))).collect()
}

#[test]
fn the_description_of_the_package_fits_the_lines_of_lintian() {
    let manifest: toml::Table = read("Cargo.toml").parse().expect("TOML");
    let description = manifest["package"]["metadata"]["deb"]["extended-description"].as_str().expect("a text");
    assert!(description.lines().all(|line| line.len() < 80), "{description}");
}

#[test]
fn the_package_holds_files_that_are_there_or_are_made() {
    let folder = tempfile::tempdir().expect("a folder");
    make_package_files(folder.path());
    let mut made = 0;
    for (source, target) in assets() {
        assert!(target.starts_with("usr/"), "{target}");
        if let Some(made_of) = source.strip_prefix("target/package/") {
            made += 1;
            let (parent, pattern) = made_of.rsplit_once('/').unwrap_or(("", made_of));
            let end = pattern.strip_prefix('*');
            let fits = |name: &str| end.map_or(name == pattern, |end| name.ends_with(end));
            let names = fs::read_dir(folder.path().join(parent)).expect(parent);
            let mut names = names.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"));
            assert!(names.any(|name| fits(&name)), "nothing makes {source}");
        } else if source != "target/release/mita" {
            let (start, end) = source.split_once('*').unwrap_or((&source, ""));
            let folder = Path::new(source.rsplit_once('/').map_or("", |(folder, _)| folder));
            let names = fs::read_dir(root().join(folder)).expect("a folder");
            let mut paths = names.map(|entry| folder.join(entry.expect("an entry").file_name()).display().to_string());
            let fits = |path: &String| path.starts_with(start) && path.ends_with(end);
            assert!(paths.any(|path| fits(&path)), "there is no {source}");
        }
    }
    assert!(made > 4);
    for script in ["postinst", "prerm", "postrm"] {
        let path = root().join("examples/debian").join(script);
        let checked = Command::new("sh").arg("-n").arg(&path).status().expect("a shell");
        assert!(checked.success(), "{script}");
    }
}

#[test]
fn a_file_that_a_package_holds_of_every_kind_is_as_its_reader_wants_it() {
    let folder = tempfile::tempdir().expect("a folder");
    make_package_files(folder.path());
    let made = |name: &str| fs::read_to_string(folder.path().join(name)).expect(name);
    for (page, heading) in
        [("mita.1", ".TH mita 1 "), ("mita-reconcile.1", ".TH mita-reconcile 1 "), ("mita.toml.5", ".TH mita.toml 5 ")]
    {
        assert!(made(&format!("man/{page}")).contains(heading), "{page}");
    }
    assert!(made("changelog").starts_with(concat!("mita (", env!("CARGO_PKG_VERSION"), "-1) unstable; urgency=")));
    let bash = folder.path().join("completions/mita.bash");
    assert!(Command::new("bash").arg("-n").arg(&bash).status().expect("bash").success());
    let schema: serde_json::Value = serde_json::from_str(&made("mita.schema.json")).expect("JSON");
    assert_eq!(schema, mita::config::schema());
}

#[test]
fn each_program_of_the_examples_explains_itself_and_writes_nothing() {
    for name in ["bench", "conformance", "demo", "outcome", "package", "playground", "races"] {
        let folder = tempfile::tempdir().expect("a folder");
        let shown = example(name).arg("--help").current_dir(folder.path()).output().expect("the example starts");
        let text = String::from_utf8_lossy(&shown.stdout);
        assert!(shown.status.success() && text.contains(&format!("Usage: {name}")), "{name}: {shown:?}");
        assert!(folder.path().read_dir().expect("the folder").next().is_none(), "{name}");
    }
}

/// Runs the example that makes what a package holds beside the program.
fn make_package_files(folder: &Path) {
    assert!(example("package").arg(folder).status().expect("the example starts").success());
}
