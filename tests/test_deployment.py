"""What a server is run with: container, compose file, systemd unit, backups; linted here, as no registry is reached."""

import configparser
import json
import re
import tarfile
import tomllib
from pathlib import Path

import pytest
import yaml
from web_app import fill

from extractor.cli import main, parser
from extractor.errors import InputError, OutputError
from extractor.review.backups import restore_backup, write_backup
from extractor.review.display_names import files_folder
from extractor.store import Store

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"


def instructions(file):
    """Return the instructions of a Containerfile, as pairs of the word and the rest."""
    text = re.sub(r"\\\n\s*", " ", file.read_text("utf-8"))
    lines = [line for line in text.split("\n") if line.strip() and not line.startswith("#")]
    return [tuple(re.split(r"\s+", line, maxsplit=1)) for line in (line.strip() for line in lines)]


def test_the_containerfile_builds_what_the_package_needs():
    found = instructions(DEPLOY / "Containerfile")
    known = {"FROM", "RUN", "WORKDIR", "COPY", "USER", "ENV", "VOLUME", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
    assert {word for word, _ in found} <= known and found[0][0] == "FROM"
    assert re.fullmatch(r"docker\.io/library/python:3\.\d+-\S+", found[0][1]), "no tag is left to chance"
    copied = {rest.split()[0] for word, rest in found if word == "COPY"} | {"README.md", "LICENSE"}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert {*wheel["packages"], *wheel["force-include"], "pyproject.toml"} <= copied
    for word, rest in found:
        if word == "COPY":
            assert all((ROOT / name).exists() for name in rest.split()[:-1]), rest
    users = [rest for word, rest in found if word == "USER"]
    assert users and users[-1] not in ("root", "0"), "it does not run as root"
    order = [word for word, _ in found]
    assert order.index("USER") > max(n for n, word in enumerate(order) if word == "RUN")
    extras = set(project["project"]["optional-dependencies"])
    installed = next(rest for word, rest in found if word == "RUN" and "[ui" in rest)
    assert set(re.search(r"\[([^]]+)\]", installed)[1].split(",")) <= extras
    command = json.loads(next(rest for word, rest in found if word == "CMD"))
    parser().parse_args(command)  # raises SystemExit for an option that does not exist
    [check] = [rest for word, rest in found if word == "HEALTHCHECK"]
    assert "/healthz" in check and command[command.index("--port") + 1] in check


USED_INSIDE = {"gradio": "gradio.routes", "openpyxl": "._cells", "rapidocr": '/ "models" /', "torch": "torch._make"}
"""Libraries of which the code uses what is not promised to stay, and by what that is known."""


@pytest.mark.parametrize("library", USED_INSIDE)
def test_a_library_that_is_used_from_the_inside_has_an_upper_bound(library):
    source = "".join(file.read_text("utf-8") for file in (ROOT / "extractor").rglob("*.py"))
    assert USED_INSIDE[library] in source
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    named = [*project["dependencies"], *(each for extra in project["optional-dependencies"].values() for each in extra)]
    assert [each for each in named if re.match(rf"{library}\b", each) and "<" not in each] == []


def test_the_compose_file_fits_the_containerfile():
    found = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    services = found["services"]
    app, database = services["app"], services["database"]
    assert (DEPLOY / app["build"]["context"] / app["build"]["dockerfile"]).resolve() == DEPLOY / "Containerfile"
    assert app["depends_on"]["database"]["condition"] == "service_healthy" and database["healthcheck"]["test"]
    assert all(port.startswith("127.0.0.1:") for port in app["ports"]), "nothing is open to other machines unasked"
    assert "ports" not in database, "the database is reached by the app alone"
    used = {secret for service in services.values() for secret in service.get("secrets", ())}
    assert used <= set(found["secrets"])
    volumes = {volume.split(":")[0] for service in services.values() for volume in service.get("volumes", ())}
    assert volumes <= set(found["volumes"])
    for service in services.values():
        for key, value in service.get("environment", {}).items():
            assert not ("PASSWORD" in key and not key.endswith("_FILE")), "passwords are in files"
            if str(value).startswith("/run/secrets/"):
                assert Path(str(value)).name in service["secrets"]
        assert ":" in service["image"], "no tag is left to chance"


def test_the_systemd_unit_runs_a_command_that_exists():
    unit = configparser.RawConfigParser(strict=False, delimiters=("=",))
    unit.optionxform = str
    unit.read_string("\n".join(line for line in (DEPLOY / "extractor.service").read_text().split("\n")))
    assert {"Unit", "Service", "Install"} == set(unit.sections())
    service = unit["Service"]
    program, *words = service["ExecStart"].split()
    assert program.endswith("/bin/extractor")
    arguments = parser().parse_args(words)
    assert arguments.host == "127.0.0.1"
    for hardened in ("NoNewPrivileges", "PrivateTmp", "ProtectHome"):
        assert service[hardened] == "yes"
    assert service["User"] != "root" and service["ProtectSystem"] == "strict"
    assert (ROOT / "docs" / "deployment.md").exists()


# Backups.


@pytest.fixture
def filled(tmp_path):
    """A store with two records, and a file that was handed in."""
    place = tmp_path / "store.db"
    with Store(place) as store:
        fill(store, {"a.txt": ("Ada", "1.50"), "b.txt": ("Bob", "7.50")})
        folder = files_folder(store.name) / "uploads" / "of-ann" / "abc"
        folder.mkdir(parents=True)
        (folder / "letter 1.txt").write_text("Total due: 3")
    return place


def test_a_backup_brings_back_the_store_and_the_files(filled, tmp_path, capsys):
    archive = tmp_path / "backup.tar"
    assert main(["backup", str(archive), "--store", str(filled)]) == 0
    assert "1 files" in capsys.readouterr().err
    assert archive.stat().st_mode & 0o077 == 0, "for its owner alone"
    with tarfile.open(archive) as packed:
        assert set(packed.getnames()) == {"backup.json", "store.db", "uploads/of-ann/abc/letter 1.txt"}
    with Store(filled) as store:
        record = store.records.get(1)
        store.records.reject(1, who="ann", revision=record.revision)
        file = files_folder(store.name) / "uploads" / "of-ann" / "abc" / "letter 1.txt"
        file.unlink()
    assert main(["restore", str(archive), "--store", str(filled)]) == 0
    with Store(filled) as store:
        assert store.records.get(1).status != "rejected" and not store.audit.verify()
    assert file.read_text() == "Total due: 3" and file.stat().st_mode & 0o077 == 0
    assert list(tmp_path.glob("store.db.damaged-*")), "what was there before is kept"
    other = tmp_path / "elsewhere" / "new.db"
    other.parent.mkdir()
    assert restore_backup(str(other), archive)[2] == 1


def test_a_backup_that_cannot_be_made_or_used_changes_nothing(filled, tmp_path):
    there = tmp_path / "there.tar"
    there.write_text("mine")
    with pytest.raises(OutputError, match="exists"):
        write_backup(str(filled), there)
    with pytest.raises(InputError, match="not a backup"):
        restore_backup(str(filled), there)
    assert there.read_text() == "mine"
    wrong = tmp_path / "wrong.tar"
    with tarfile.open(wrong, "w") as archive:
        archive.add(there, "../outside")
    with pytest.raises(InputError, match="not a backup"):
        restore_backup(str(filled), wrong)
    assert not (tmp_path.parent / "outside").exists()
    archive = tmp_path / "ok.tar"
    write_backup(str(filled), archive)
    with pytest.raises(InputError, match="SQLite"):
        restore_backup("postgresql://nobody@127.0.0.1:1/x", archive)
    assert not list(tmp_path.glob("backup-*")) and not list(tmp_path.glob("restore-*"))
