//! The files that `mita init` writes: the configuration, its crontab, the boot script and the secrets, all for their owner
//! alone.

use super::cron;
use super::dialogue::Dialogue;
use super::template::{self, Answers, Login, SecretKey, Token};
use crate::cli::args::{Init, Register};
use crate::cli::process::failure::Failure;
use crate::domain::format::in_shell;
use crate::permission::{Wanted, cure};
use crate::secret::Secret;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// The name and the text of the boot script that is written beside the configuration.
pub(super) fn boot_script(register: Register) -> (&'static str, &'static str) {
    match register {
        Register::Inbound => {
            ("boot-inbound-registered.sh", include_str!("../../../examples/boot-inbound-registered.sh"))
        }
        Register::Ssh => ("boot-ssh.sh", include_str!("../../../examples/boot-ssh.sh")),
        Register::None => ("boot-inbound.sh", include_str!("../../../examples/boot-inbound.sh")),
    }
}

/// A secret to keep in a file of its own.
pub(super) struct Kept {
    /// The option that names the file.
    option: &'static str,
    /// Relative to the configuration.
    pub(super) file: String,
    pub(super) text: Secret,
}

impl Kept {
    fn content(&self) -> String {
        format!("{}\n", self.text.expose())
    }
}

/// The name with a number before its extension.
fn numbered(file: &str, number: u32) -> String {
    match file.rsplit_once('.') {
        Some((stem, extension)) if !extension.contains('/') => format!("{stem}-{number}.{extension}"),
        _ => format!("{file}-{number}"),
    }
}

/// Where to write the configuration.
pub(super) struct Place {
    pub(super) path: PathBuf,
    folder: PathBuf,
    force: bool,
}

impl Place {
    /// Fails if a file cannot be written there, so that nobody answers ten questions in vain.
    pub(super) fn of(path: &Path, force: bool) -> Result<Place, Failure> {
        let refused = |text: String| Err(Failure::Refused(text));
        let shown = path.display();
        if path.is_dir() || path.file_name().is_none() {
            let file = path.join("mita.toml");
            return refused(format!("{shown} is a folder: name a file in it, as in --file {}", file.display()));
        }
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let place = Place { path: path.to_owned(), folder, force };
        let folder = place.folder.display();
        if place.here().try_exists().is_err()
            && let Some(why) = cure(path, Wanted::Replace)
        {
            return refused(format!("cannot write {shown}: {why}; or name another file with --file"));
        }
        if !place.here().exists() {
            return refused(format!("there is no folder {folder}, make it with: mkdir -p {folder}"));
        }
        if !place.here().is_dir() {
            return refused(format!("{folder} is not a folder: name another file with --file"));
        }
        if path.exists() && !force {
            return refused(format!("{shown} already exists: name another file with --file, or use --force"));
        }
        match draft(path, "") {
            Ok(_) => Ok(place),
            Err(error) => {
                let why = cure(path, Wanted::Replace).unwrap_or_else(|| error.to_string());
                refused(format!("cannot write {shown}: {why}; or name another file with --file"))
            }
        }
    }

    /// The folder, which may be the current one.
    fn here(&self) -> PathBuf {
        Path::new(".").join(&self.folder)
    }

    /// A file that the configuration names.
    pub(super) fn beside(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    /// Where to keep a secret. A file with another one stays as it is, since another configuration here may use it: a
    /// person's secret goes in a file of a similar name. Without a person it is refused.
    pub(super) fn keep(
        &self,
        (option, file): (&'static str, &str),
        text: Secret,
        dialogue: &mut Dialogue<'_>,
    ) -> Result<Kept, Failure> {
        let (mut kept, mut number) = (Kept { option, file: file.to_owned(), text }, 1);
        while self.replaces_another(&kept) {
            if !dialogue.has_person() {
                return Err(self.already_exists(&kept));
            }
            number += 1;
            kept.file = numbered(file, number);
        }
        if number > 1 {
            dialogue.say(&format!("  {file} has another one and stays as it is: this one is kept in {}", kept.file))?;
        }
        Ok(kept)
    }

    /// That a secret is taken from a file which nobody has named.
    pub(super) fn using(&self, what: &str, file: &str) -> String {
        format!("  using {what} in {}, which is already there", self.beside(file).display())
    }

    /// Whether something else is in that file, and nobody wants it replaced.
    fn replaces_another(&self, kept: &Kept) -> bool {
        let path = self.beside(&kept.file);
        !self.force && path.symlink_metadata().is_ok() && fs::read_to_string(&path).ok() != Some(kept.content())
    }

    fn already_exists(&self, kept: &Kept) -> Failure {
        Failure::Refused(format!(
            "{} already exists with another secret, which another configuration may use: keep this one in a file of its own, \
             as with {} {}; --force replaces the other one; nothing is written",
            self.beside(&kept.file).display(),
            kept.option,
            in_shell(&numbered(&kept.file, 2))
        ))
    }

    /// What is left to do about secrets and scripts that are not there.
    pub(super) fn missing_files(&self, answers: &Answers) -> Vec<String> {
        let file = |name: &str, what: &str| {
            let path = self.beside(name);
            let shown = path.display();
            (!path.exists()).then(|| format!("put {what} into {shown}: (umask 077; cat > {shown})"))
        };
        let mut missing = Vec::new();
        if let Token::File(name) = &answers.token {
            missing.extend(file(name, &format!("the API token of {}", answers.jenkins_user)));
        }
        match &answers.login {
            Login::Cloud(_) => {}
            Login::Credential { secret: SecretKey::File(name), .. } => {
                missing.extend(file(name, "the secret of the application credential"));
            }
            Login::Password { password: SecretKey::File(name), .. } => missing.extend(file(name, "the password")),
            Login::Credential { .. } | Login::Password { .. } => {}
        }
        missing.extend(file(&answers.script_file, "the boot script"));
        missing
    }
}

/// A complete file without its name yet, which only its owner can read. It belongs to the owner of the folder, if root
/// writes it for mita's own user.
fn draft(path: &Path, text: &str) -> io::Result<NamedTempFile> {
    let folder = Path::new(".").join(path.parent().unwrap_or(path));
    let mut file = tempfile::Builder::new().prefix(".mita-init").tempfile_in(&folder)?;
    file.write_all(text.as_bytes())?;
    let folder = folder.metadata()?;
    if folder.uid() != file.as_file().metadata()?.uid()
        && let Err(error) = fchown(&file, Some(folder.uid()), Some(folder.gid()))
    {
        log::debug!("cannot give {} to user {}: {error}", path.display(), folder.uid());
    }
    Ok(file)
}

/// Writes a new file; an existing one stays.
fn create(path: &Path, text: &str) -> io::Result<()> {
    draft(path, text)?.persist_noclobber(path).map(drop).map_err(|error| error.error)
}

/// Writes a file, in place of an existing one.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    draft(path, text)?.persist(path).map(drop).map_err(|error| error.error)
}

/// Writes everything, the configuration and its crontab last; tells which files are written, the configuration first, and
/// which are used as they are.
pub(super) fn write(place: &Place, args: &Init, answers: &Answers, kept: &[Kept]) -> Result<String, Failure> {
    let failed = |path: &Path, error: io::Error| Failure::Refused(format!("cannot write {}: {error}", path.display()));
    let mut written = vec![place.path.display().to_string()];
    let mut used = Vec::new();
    if let Some(kept) = kept.iter().find(|kept| place.replaces_another(kept)) {
        return Err(place.already_exists(kept));
    }
    for (kept, path) in kept.iter().map(|kept| (kept, place.beside(&kept.file))) {
        if fs::read_to_string(&path).ok() == Some(kept.content()) {
            used.push(path.display().to_string());
        } else {
            replace(&path, &kept.content()).map_err(|error| failed(&path, error))?;
            written.push(path.display().to_string());
        }
    }
    let script = place.beside(&answers.script_file);
    if args.script_file.is_none() && script.exists() {
        used.push(script.display().to_string());
    } else if args.script_file.is_none() {
        create(&script, boot_script(args.register).1).map_err(|error| failed(&script, error))?;
        written.push(script.display().to_string());
    }
    let put = if args.force { replace } else { create };
    put(&place.path, &template::text(answers)).map_err(|error| failed(&place.path, error))?;
    let crontab = cron::path(&place.path);
    if crontab.exists() && !args.force {
        used.push(crontab.display().to_string());
    } else if let Some(text) = cron::text(&place.path) {
        replace(&crontab, &text).map_err(|error| failed(&crontab, error))?;
        written.push(crontab.display().to_string());
    }
    let used = if used.is_empty() { String::new() } else { format!("; already there and used: {}", used.join(", ")) };
    Ok(format!("wrote {}{used}", written.join(", ")))
}
