//! `bylaws lint`: find mistakes without running anything. Exit status 1 says that there are some, 2 that it could not look.

use std::path::{Path, PathBuf};

use super::Exit;
use super::arguments::{self, Common, Format};
use super::environment::Environment;
use super::{output, session};
use crate::config::{self, PolicySource};
use crate::diagnostic::Diagnostic;
use crate::facts::RefName;
use crate::git::{Reference, Repository};
use crate::policy::lint::Linted;
use crate::report::clean;

pub(super) fn run(
    command: &arguments::Lint,
    common: &Common,
    environment: &Environment,
) -> anyhow::Result<Exit> {
    let linted = if command.paths.is_empty() {
        in_force(common, environment)?
    } else {
        let mut all = Linted::default();
        for path in &command.paths {
            let Linted { errors, warnings, scripts, .. } = at_path(path, common, environment)?;
            all.errors.extend(errors);
            all.warnings.extend(warnings);
            all.scripts.extend(scripts);
        }
        all.sort();
        all
    };
    match common.format {
        Format::Json => output::say(&json(&linted)?)?,
        _ => human(&linted, common)?,
    }
    Ok(if linted.errors.is_empty() { Exit::Allowed } else { Exit::Denied })
}

/// The policy of `--policy`, else the work tree's, else that of `HEAD`.
fn in_force(common: &Common, environment: &Environment) -> anyhow::Result<Linted> {
    let repository = session::open(common, environment)?;
    let shown = common.policy.clone().unwrap_or_else(|| ".bylaws".to_owned());
    let required = if common.policy.is_some() { None } else { session::required(&repository)? };
    let linted = session::with_source(common, environment, &repository, |source| {
        config::lint(source, required, environment.now).map_err(anyhow::Error::from)
    })?;
    let Some(mut linted) = linted else {
        let missing = Diagnostic::new(format!("there is no policy at `{shown}`"));
        return Err(missing.help("`bylaws init` writes a starter into .bylaws/").into());
    };
    linted.warnings.extend(unmatched(&linted, &repository)?);
    linted.sort();
    Ok(linted)
}

/// Patterns that match nothing at present.
fn unmatched(linted: &Linted, repository: &Repository) -> anyhow::Result<Vec<Diagnostic>> {
    if linted.filters.is_empty() {
        return Ok(Vec::new());
    }
    let files = session::tracked(repository)?;
    let mut refs: Vec<RefName> = Vec::new();
    for Reference { name, .. } in repository.references("refs/")? {
        // A branch of a remote is one that may be pushed to.
        let branch = name.as_str().strip_prefix("refs/remotes/").and_then(|rest| rest.split_once('/'));
        refs.extend(branch.and_then(|(_, branch)| RefName::new(format!("refs/heads/{branch}"))));
        refs.push(name);
    }
    Ok(config::unmatched(&linted.filters, &files, &refs))
}

/// What is found at a path that was named.
fn at_path(path: &Path, common: &Common, environment: &Environment) -> anyhow::Result<Linted> {
    let start = environment.folder.join(common.folder.as_deref().unwrap_or(Path::new("")));
    let full = start.join(path);
    let shown = path.to_string_lossy().trim_end_matches('/').to_owned();
    if full.is_file() {
        let is_ours = full.extension().is_some_and(|extension| extension == "toml" || extension == "rhai");
        anyhow::ensure!(is_ours, "`{shown}` is neither a .rhai nor a .toml file");
        return of_part(&full, &shown, environment);
    }
    if !full.is_dir() {
        anyhow::bail!("there is no file or folder `{}`", path.display());
    }
    if is_policy(&full) {
        return policy(&full, &shown, environment);
    }
    if is_policy(&full.join(".bylaws")) {
        return policy(&full.join(".bylaws"), &below(&shown, ".bylaws"), environment);
    }
    if PARTS.iter().any(|part| full.ends_with(part)) {
        return of_part(&full, &shown, environment);
    }
    let sets = sets(&full, &shown)?;
    let mut all = Linted::default();
    for (folder, shown) in sets {
        let linted = config::lint_set(&folder, &shown)?;
        all.errors.extend(linted.errors);
        all.warnings.extend(linted.warnings);
        all.scripts.extend(linted.scripts);
    }
    if all.scripts.is_empty() && all.errors.is_empty() {
        return Err(nothing_there(&shown).into());
    }
    Ok(all)
}

fn nothing_there(shown: &str) -> Diagnostic {
    let nothing = Diagnostic::new(format!("there are no rules in `{shown}`"));
    nothing.help("name a .bylaws folder, a file of one, or a folder of rules")
}

/// Folders that are part of a policy or of a rule set.
const PARTS: [&str; 3] = ["rules", "tests", "lib"];

/// A file or folder is looked at together with all that it belongs to; what is wrong elsewhere is left out.
fn of_part(full: &Path, shown: &str, environment: &Environment) -> anyhow::Result<Linted> {
    let policy_around = full.ancestors().skip(1).find(|folder| is_policy(folder));
    let is_part = |folder: &&Path| !PARTS.iter().any(|part| folder.ends_with(part));
    let root = policy_around.or_else(|| full.ancestors().skip(1).find(is_part)).unwrap_or(full);
    let inside = full.strip_prefix(root).unwrap_or(full).to_string_lossy().into_owned();
    let above = shown.strip_suffix(&inside).unwrap_or_default().trim_end_matches('/');
    let (linted, name) = match policy_around {
        Some(root) => {
            let above = if above.is_empty() { "." } else { above };
            (policy(root, above, environment)?, below(above, &inside))
        }
        None => (config::lint_set(root, above)?, below(above, &inside)),
    };
    let is_here =
        |file: &str| file.strip_prefix(&name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let told = |one: &Diagnostic| one.place.as_ref().is_none_or(|place| is_here(&place.file));
    Ok(Linted {
        errors: linted.errors.into_iter().filter(told).collect(),
        warnings: linted.warnings.into_iter().filter(told).collect(),
        scripts: linted.scripts.into_iter().filter(|script| is_here(script)).collect(),
        ..Linted::default()
    })
}

fn policy(folder: &Path, shown: &str, environment: &Environment) -> anyhow::Result<Linted> {
    let source = PolicySource::Folder(folder, shown.to_owned());
    Ok(config::lint(source, None, environment.now)?.unwrap_or_default())
}

fn is_policy(folder: &Path) -> bool {
    folder.join("bylaws.toml").is_file()
        || folder.join("rules").is_dir()
        || folder.ends_with(".bylaws") && folder.is_dir()
}

/// The folder itself if there are rules in it, or only tests; else those of its folders that have some.
fn sets(folder: &Path, shown: &str) -> std::io::Result<Vec<(PathBuf, String)>> {
    let is_set = |folder: &Path| -> std::io::Result<bool> {
        for entry in folder.read_dir()? {
            let path = entry?.path();
            let is_script = path.extension().is_some_and(|extension| extension == "rhai");
            if is_script || PARTS.iter().any(|part| path.ends_with(part)) && path.is_dir() {
                return Ok(true);
            }
        }
        Ok(false)
    };
    if is_set(folder)? {
        return Ok(vec![(folder.to_owned(), shown.to_owned())]);
    }
    let mut sets = Vec::new();
    for entry in folder.read_dir()? {
        let entry = entry?;
        if entry.file_type()?.is_dir() && is_set(&entry.path())? {
            sets.push((entry.path(), below(shown, &entry.file_name().to_string_lossy())));
        }
    }
    sets.sort();
    Ok(sets)
}

fn below(shown: &str, name: &str) -> String {
    match shown {
        "" => name.to_owned(),
        _ => format!("{shown}/{name}"),
    }
}

/// All that was found by place, and of what kind.
fn by_place(linted: &Linted) -> Vec<(&'static str, &Diagnostic)> {
    let errors = linted.errors.iter().map(|one| ("error", one));
    let mut all: Vec<_> = errors.chain(linted.warnings.iter().map(|one| ("warning", one))).collect();
    all.sort_by(|a, b| (&a.1.place, a.0).cmp(&(&b.1.place, b.0)));
    all
}

fn human(linted: &Linted, common: &Common) -> anyhow::Result<()> {
    let all = by_place(linted);
    for (severity, one) in all.iter().filter(|(severity, _)| !common.quiet || *severity == "error") {
        let shown = if *severity == "error" { one.to_string() } else { one.to_warning() };
        let lines: Vec<String> = shown.lines().map(clean).collect();
        output::say(&format!("{}\n", lines.join("\n")))?;
    }
    if common.quiet {
        return Ok(());
    }
    let scripts = counted(linted.scripts.len(), "script");
    let line = match (linted.errors.len(), linted.warnings.len()) {
        (0, 0) => format!("no mistakes found in {scripts}"),
        (errors, warnings) => {
            format!("{}, {} in {scripts}", counted(errors, "error"), counted(warnings, "warning"))
        }
    };
    Ok(output::say(&line)?)
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn json(linted: &Linted) -> serde_json::Result<String> {
    let found: Vec<serde_json::Value> = by_place(linted)
        .into_iter()
        .map(|(severity, one)| {
            let mut found = one.to_json();
            if let Some(object) = found.as_object_mut() {
                object.insert("severity".to_owned(), severity.into());
            }
            found
        })
        .collect();
    serde_json::to_string_pretty(&serde_json::json!({
        "version": 1,
        "errors": linted.errors.len(),
        "warnings": linted.warnings.len(),
        "scripts": linted.scripts.len(),
        "mistakes": found,
    }))
}
