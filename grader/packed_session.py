"""The examination of a submission whose functions run with the student's own helpers, right or wrong."""

from __future__ import annotations

from dataclasses import replace

from grader.diagnose.finding import Finding
from grader.diagnose.matching import Explanation
from grader.diagnose.search import Forms
from grader.session import Session


class PackSession(Session):
    """As Session; but what a helper gets wrong is looked for in the functions that call it, and told once."""

    def _called(self, finding: Finding) -> frozenset[str]:
        """None is known to be right: all that can show in a helper can show here."""
        return frozenset()

    def _explain_one(self, name: str) -> Finding:
        """The helpers' errors first: if they explain everything, nothing else is looked for."""
        finding = self.findings[name]
        for helper in finding.spec.helpers:
            if helper in self.findings:
                self._explain_one(helper)
        return self._explained_by_helpers(finding) or super()._explain_one(name)

    def _explained_by_helpers(self, finding: Finding) -> Finding | None:
        forms = self._forms_of_helpers(finding)
        if finding.explained or finding.observed is None or not finding.failed or not forms:
            return None
        if not self.matcher.agrees(finding.observed, forms, finding.convention):
            return None
        found = Explanation(forms)
        named = self.matcher.components(finding.observed, found, finding.failed, finding.convention)
        explained = replace(finding, explanation=found, explained=True, named=named)
        self.findings[finding.spec.name] = explained
        return explained

    def _forms_of_helpers(self, finding: Finding) -> Forms:
        helpers = [self.findings[name] for name in finding.spec.helpers if name in self.findings]
        found = [form for helper in helpers if helper.explanation for form in helper.explanation.forms]
        return tuple(dict.fromkeys(found))

    def _follow_on(self) -> None:
        """Told once: in the helper."""
        before = dict(self.findings)
        super()._follow_on()
        for name, finding in before.items():
            makers = self._makers(finding)
            if makers:
                self.findings[name] = _without(self.findings[name], makers)

    def _makers(self, finding: Finding) -> dict[str, str]:
        """Misconception id → the helper that is explained by the very same form."""
        forms = finding.explanation.forms if finding.explanation and finding.failed else ()
        found = {}
        for helper in finding.spec.helpers:
            other = self.findings.get(helper)
            shared = set(other.explanation.forms) if other and other.explanation and other.failed else set()
            found.update({form.misconception: helper for form in forms if form in shared})
        return found

    def _may_name_by_repair(self, finding: Finding) -> bool:
        """Only where the repair cannot be one of a helper."""
        helpers = [self.findings[helper] for helper in finding.spec.helpers if helper in self.findings]
        own = not finding.follows_on and not any(helper.failed for helper in helpers)
        return own and super()._may_name_by_repair(finding)


def _without(finding: Finding, makers: dict[str, str]) -> Finding:
    own = {name: parts for name, parts in finding.named.items() if name not in makers}
    kept = {part for parts in own.values() for part in parts}
    functions = tuple(sorted({*finding.follows_functions, *makers.values()}))
    follows = tuple(part for part in finding.failed if part not in kept)
    return replace(finding, named=own, follows_on=follows, follows_functions=functions)
