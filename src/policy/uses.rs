//! Which facts a rule uses, read from its names: a hint for those who gather facts, which are right without it.

use rhai::{ASTNode, Expr, FnPtr, Stmt};

use super::sources::Sources;

/// What the rules in force look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Uses {
    /// Which files a commit changes.
    pub files: bool,
    /// What is in them.
    pub contents: bool,
    /// What was in them before.
    pub old_contents: bool,
    /// Signatures of commits.
    pub signature: bool,
    /// The files of a change as a whole, or how far it reaches, which hangs on these.
    pub change_files: bool,
    /// There are rules with a `commit` handler.
    pub commit_rules: bool,
    /// There are rules with a `file` handler.
    pub file_rules: bool,
    /// There are rules with a `change` handler.
    pub change_rules: bool,
    /// There are rules with a `push` handler.
    pub push_rules: bool,
}

impl Uses {
    /// Both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            files: self.files || other.files,
            contents: self.contents || other.contents,
            old_contents: self.old_contents || other.old_contents,
            signature: self.signature || other.signature,
            change_files: self.change_files || other.change_files,
            commit_rules: self.commit_rules || other.commit_rules,
            file_rules: self.file_rules || other.file_rules,
            change_rules: self.change_rules || other.change_rules,
            push_rules: self.push_rules || other.push_rules,
        }
    }

    /// What a handler names, in its own text and that of the functions it may call.
    pub(super) fn of(body: &Expr, sources: &Sources) -> Self {
        let mut reader = Reader { uses: Self::default(), seen: Vec::new(), called: Vec::new() };
        body.walk(&mut Vec::new(), &mut |path| reader.node(path));
        while let Some(name) = reader.called.pop() {
            if !reader.seen.contains(&name) {
                sources.walk(&name, &mut |path| reader.node(path));
                reader.seen.push(name);
            }
        }
        reader.uses
    }

    fn name(&mut self, name: &str) {
        match name {
            "files" => (self.files, self.change_files) = (true, true),
            // A function that is called by its name, which may be put together, may name anything.
            "file" | "impact" | "required" | "Fn" | "call" => self.change_files = true,
            "additions" | "deletions" | "added_lines" | "deleted_lines" | "old_text" => {
                self.files = true;
                self.contents = true;
                self.old_contents = true;
            }
            "is_binary" => {
                self.contents = true;
                self.old_contents = true;
            }
            "text" | "json" | "yaml" | "yaml_all" | "toml" | "hcl" | "syntax_error" => self.contents = true,
            "signature" => self.signature = true,
            _ => {}
        }
    }
}

struct Reader {
    uses: Uses,
    seen: Vec<String>,
    called: Vec<String>,
}

impl Reader {
    /// Functions are told by their names alone: the worst is a fact gathered for nothing.
    fn node(&mut self, path: &[ASTNode<'_>]) -> bool {
        match path.last() {
            Some(ASTNode::Expr(Expr::Property(property, _))) => self.uses.name(&property.2),
            Some(
                ASTNode::Expr(Expr::MethodCall(call, _) | Expr::FnCall(call, _))
                | ASTNode::Stmt(Stmt::FnCall(call, _)),
            ) => {
                self.uses.name(&call.name);
                self.called.push(call.name.to_string());
            }
            Some(ASTNode::Expr(Expr::DynamicConstant(value, _))) => {
                self.called.extend(value.read_lock::<FnPtr>().map(|closure| closure.fn_name().to_owned()));
            }
            _ => {}
        }
        true
    }
}
