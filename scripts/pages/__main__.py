"""`make docs`: writes what the program says of itself into README.md, .env.example and the pages of docs/."""

from scripts import settings_docs
from scripts.pages.written import PAGES, ROOT, with_block


def main() -> None:
    settings_docs.main()
    for name, block in PAGES.items():
        page = ROOT / "docs" / name
        page.write_text(with_block(page.read_text(encoding="utf-8"), block()), encoding="utf-8")


if __name__ == "__main__":
    main()
