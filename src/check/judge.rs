//! Commits and their files, judged.

use std::sync::Arc;

use super::policies::{Baselines, Contexts, Meters};
use super::shards::{Ids, map_chunks};
use super::{Check, CheckError, Sink, Tally};
use crate::facts::{Commit, File, Oid};
use crate::git::{Needs, Repository};
use crate::policy::{Context, Subject};

/// Files whose blobs are said to be wanted at a time: more than most chunks have, so that git seldom waits for us.
const READ_AHEAD: usize = 8_192;

impl Check<'_> {
    /// Judges commits as they come, keeping none of their facts.
    pub(super) fn judge_all(
        &self,
        ids: &mut Ids<'_>,
        context: &Context,
        baselines: &Baselines,
    ) -> Result<Tally, CheckError> {
        let meter = self.meter(0);
        let needs = self.needs();
        let tallies = map_chunks(self.repository, ids, |handle, ids| {
            let commits = handle.commits(ids, needs)?;
            let mut tally = Tally::default();
            self.judge_chunk(handle, &commits, context, baselines, &meter, &mut tally)?;
            Ok(tally)
        })?;
        Ok(Tally::sum(tallies))
    }

    pub(super) fn needs(&self) -> Needs {
        let uses = self.loaded.needs();
        Needs { files: uses.files || uses.file_rules, ..Needs::default() }
    }

    /// Judges the commits of a chunk and their files.
    pub(super) fn judge_chunk(
        &self,
        handle: &Repository,
        commits: &[Arc<Commit>],
        context: &Context,
        baselines: &Baselines,
        meter: &Meters,
        sink: &mut impl Sink,
    ) -> Result<(), CheckError> {
        let mut ahead = ReadAhead::new(handle, self.loaded, commits)?;
        for commit in commits {
            let (own, required) = baselines.of_commit(commit.id(), context);
            let contexts = Contexts { own: &own, required: required.as_ref().unwrap_or(&own) };
            meter.add_subjects(1);
            ahead.before_commit()?;
            sink.begin(commit);
            self.judge_commit(commit, contexts, meter, sink);
            if self.needs().files {
                let files = commit.files()?;
                self.judge_each(commit, files, contexts, meter, sink, &mut ahead)?;
            }
            sink.end(commit);
        }
        self.progress.advance(commits.len());
        Ok(())
    }

    pub(super) fn judge_commit(
        &self,
        commit: &Arc<Commit>,
        contexts: Contexts<'_>,
        meter: &Meters,
        sink: &mut impl Sink,
    ) {
        if self.loaded.needs().commit_rules {
            self.judge(Subject::Commit(commit), contexts, meter, sink.findings());
        }
    }

    /// Judges the files of one commit or draft.
    pub(super) fn judge_files(
        &self,
        handle: &Repository,
        commit: &Arc<Commit>,
        contexts: Contexts<'_>,
        meter: &Meters,
        sink: &mut impl Sink,
    ) -> Result<(), CheckError> {
        let mut ahead = ReadAhead::new(handle, self.loaded, std::slice::from_ref(commit))?;
        let files = commit.files()?;
        self.judge_each(commit, files, contexts, meter, sink, &mut ahead)
    }

    fn judge_each(
        &self,
        commit: &Arc<Commit>,
        files: &[Arc<File>],
        contexts: Contexts<'_>,
        meter: &Meters,
        sink: &mut impl Sink,
        ahead: &mut ReadAhead<'_>,
    ) -> Result<(), CheckError> {
        meter.add_subjects(files.len());
        let judged = self.loaded.needs().file_rules;
        for file in files {
            ahead.before_file()?;
            if judged {
                self.judge(Subject::File(commit, file), contexts, meter, sink.findings());
            }
            sink.file();
            file.release();
        }
        Ok(())
    }
}

/// Reads the blobs of the files to come in batches: a question and an answer a blob would wait for git each time.
struct ReadAhead<'a> {
    handle: &'a Repository,
    blobs: Vec<Vec<Oid>>,
    at: usize,
    covered: usize,
}

impl<'a> ReadAhead<'a> {
    fn new(
        handle: &'a Repository,
        loaded: &crate::config::LoadedPolicy,
        commits: &[Arc<Commit>],
    ) -> Result<Self, CheckError> {
        let uses = loaded.needs();
        let mut blobs = Vec::new();
        if uses.contents {
            for commit in commits {
                let files = commit.files()?;
                blobs.extend(files.iter().map(|file| wanted(file, uses.old_contents)));
            }
        }
        Ok(Self { handle, blobs, at: 0, covered: 0 })
    }

    fn before_commit(&mut self) -> Result<(), CheckError> {
        self.cover(self.at)
    }

    fn before_file(&mut self) -> Result<(), CheckError> {
        self.cover(self.at)?;
        self.at += 1;
        Ok(())
    }

    fn cover(&mut self, index: usize) -> Result<(), CheckError> {
        if index < self.covered || index >= self.blobs.len() {
            return Ok(());
        }
        let end = self.blobs.len().min(index + READ_AHEAD);
        let ids: Vec<Oid> = self.blobs.get(index..end).unwrap_or_default().concat();
        self.handle.prefetch(&ids)?;
        self.covered = end;
        Ok(())
    }
}

fn wanted(file: &File, old_too: bool) -> Vec<Oid> {
    let parts = file.parts();
    let new = parts.id.filter(|_| !parts.mode.is_submodule());
    let old = parts.old_id.filter(|_| old_too && parts.old_mode.is_some_and(|mode| !mode.is_submodule()));
    new.into_iter().chain(old).collect()
}
