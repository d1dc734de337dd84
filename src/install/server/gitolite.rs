//! gitolite's common hooks: what stands in `~/.gitolite/hooks/common` is linked into every repository, also into one that is
//! made later. See <https://gitolite.com/gitolite/non-core.html>, "hooks".

use std::path::{Path, PathBuf};

use super::{HOOKS, Options};
use crate::install::error::InstallError;
use crate::install::files;
use crate::install::lock::Lock;
use crate::install::shim;

/// Puts our hooks among the common ones of a home, if no hook of somebody else has one of their names there or in the
/// folder that the operator added (`LOCAL_CODE`): gitolite would put ours in its place. The folder, or `None`.
pub(super) fn common(home: &Path, options: &Options) -> Result<Option<PathBuf>, InstallError> {
    let base = home.join(".gitolite");
    let folder = base.join("hooks/common");
    let _lock = Lock::take(&base)?;
    let mut options = options.clone();
    let local = local_code(home)?.unwrap_or_else(|| base.join("local")).join("hooks/common");
    for hooks in [&folder, &local] {
        for name in HOOKS {
            let path = hooks.join(name);
            if path.symlink_metadata().is_err() {
                continue;
            }
            match files::read(&path)? {
                Some(bytes) if shim::is_servers(&bytes) => {
                    options.host_settings = options.host_settings.or_else(|| shim::settings_of(&bytes));
                }
                _ => return Ok(None),
            }
        }
    }
    let owner = files::owner_of(&base).map_err(|error| InstallError::io("look at", &base, &error))?;
    for name in HOOKS {
        let bytes = shim::server(name, &options.binary, options.host_settings.as_deref());
        let path = folder.join(name);
        if files::read(&path)?.as_deref() != Some(&bytes) || !files::is_executable(&path) {
            files::write_as(&path, &bytes, 0o755, Some(owner), &base)?;
        }
    }
    Ok(Some(folder))
}

/// Takes them out again; true if any was there.
pub(super) fn uninstall(home: &Path) -> Result<bool, InstallError> {
    let base = home.join(".gitolite");
    let _lock = Lock::take(&base)?;
    let mut changed = false;
    for name in HOOKS {
        let path = base.join("hooks/common").join(name);
        if files::read(&path)?.is_some_and(|bytes| shim::is_servers(&bytes)) {
            files::remove(&path)?;
            changed = true;
        }
    }
    Ok(changed)
}

/// The folder that `LOCAL_CODE` names in `.gitolite.rc`, a Perl file of which people change little.
fn local_code(home: &Path) -> Result<Option<PathBuf>, InstallError> {
    let rc = files::read(&home.join(".gitolite.rc"))?.unwrap_or_default();
    let text = String::from_utf8_lossy(&rc);
    let mut values = text.lines().filter_map(|line| {
        let (_, value) = line.trim_start().strip_prefix("LOCAL_CODE")?.split_once("=>")?;
        let value = value.trim().trim_end_matches(',').trim_matches(['"', '\'']);
        let home = home.to_str()?;
        Some(value.replace("$ENV{HOME}", home).replace("$rc{GL_ADMIN_BASE}", &format!("{home}/.gitolite")))
    });
    Ok(values.next_back().map(PathBuf::from))
}
