/// The three files that the console's page names. They are served from here, so nothing is fetched from elsewhere.
enum ConsoleAssets {
    static let contentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

    /// Replaces `<main>` by what the server renders; says so when the stream is broken. EventSource reconnects by itself.
    static let script = """
        'use strict';
        (() => {
            const main = document.getElementById('main');
            const link = document.getElementById('link');
            const say = (text, bad) => { link.textContent = text; link.className = bad ? 'bad' : ''; };
            const source = new EventSource('events');
            source.onopen = () => say('live', false);
            source.onerror = () => say('connection lost, trying again', true);
            source.addEventListener('main', (event) => {
                const selection = document.getSelection();
                if (selection && !selection.isCollapsed && main.contains(selection.anchorNode)) return;
                const scroll = main.querySelector('.scroll');
                const left = scroll ? scroll.scrollLeft : 0;
                main.innerHTML = event.data;
                const next = main.querySelector('.scroll');
                if (next) next.scrollLeft = left;
            });
        })();

        """

    /// A swift in flight.
    static let icon = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="14" fill="#0f3d5c"/>\
        <path fill="#fff" d="M4 22c12-4 20-2 26 5l3 4 3-4c6-7 14-9 24-5-9 0-15 4-19 11l-3 6 2 13-7-9-7 9 2-13-3-6C21 26 13 22 4 22z"/>\
        </svg>

        """

    static let styleSheet = """
        :root { --ink: #16222c; --soft: #5a6b78; --paper: #f4f6f8; --card: #fff; --line: #d8dfe5;
            --ok: #1b7f4d; --warning: #a86200; --critical: #b3261e; --track: #e3e8ec; --link: #0b5c92; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9aa9b5; --paper: #0d151b; --card: #15212a;
            --line: #2a3944; --ok: #4cc38a; --warning: #f0a83c; --critical: #ff7b72; --track: #24323c; --link: #6cb6ee; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.45 system-ui, "Noto Sans", sans-serif; }
        header, footer, main { max-width: 1180px; margin: 0 auto; padding: 0 20px; }
        header { display: flex; align-items: center; gap: 16px; padding-top: 16px; padding-bottom: 4px; flex-wrap: wrap; }
        h1 { display: flex; align-items: center; gap: 10px; font-size: 20px; margin: 0; }
        .host { color: var(--soft); font-weight: 400; overflow-wrap: anywhere; }
        #link { margin: 0; color: var(--soft); font-size: 13px; } #link.bad { color: var(--critical); font-weight: 600; }
        header form { margin-left: auto; }
        button { font: inherit; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 8px;
            padding: 6px 14px; cursor: pointer; } button:hover { border-color: var(--link); }
        main { display: grid; gap: 16px; padding-top: 12px; }
        section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 16px 20px; min-width: 0; }
        h2 { font-size: 16px; margin: 0 0 10px; display: flex; gap: 10px; align-items: baseline; flex-wrap: wrap; }
        h2 small { color: var(--soft); font-weight: 400; font-size: 13px; }
        dl { display: flex; flex-wrap: wrap; gap: 12px 32px; margin: 0; } dl > div { min-width: 72px; } .wide { flex: 1 1 280px; }
        dt { color: var(--soft); font-size: 12px; } dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
        code { font: 13px/1.4 ui-monospace, "DejaVu Sans Mono", monospace; } .hash, .fields { color: var(--soft); }
        .pill { font-size: 12px; font-weight: 600; border-radius: 999px; padding: 2px 10px; border: 1px solid currentColor; }
        .pill.ok { color: var(--ok); } .pill.warning { color: var(--warning); } .pill.critical { color: var(--critical); }
        .reason { margin: 0 0 10px; color: var(--warning); }
        .complaints { margin-top: 14px; border-left: 4px solid var(--critical); padding-left: 14px; }
        .complaints p { margin: 0 0 4px; font-weight: 600; } .complaints ul { margin: 0; padding-left: 18px; overflow-wrap: anywhere; }
        .bars { list-style: none; margin: 14px 0 0; padding: 0; display: grid; gap: 8px 14px;
            grid-template-columns: fit-content(340px) minmax(80px, 1fr) minmax(150px, max-content); }
        .bars li { display: grid; grid-column: 1 / -1; grid-template-columns: subgrid; align-items: center; }
        .label { overflow-wrap: anywhere; font: 13px ui-monospace, "DejaVu Sans Mono", monospace; }
        .text { color: var(--soft); font-size: 13px; font-variant-numeric: tabular-nums; text-align: right; }
        .text.warning { color: var(--warning); } .text.critical { color: var(--critical); font-weight: 600; }
        .bars svg { border-radius: 6px; display: block; } rect.track { fill: var(--track); } rect.ok { fill: var(--ok); }
        rect.warning { fill: var(--warning); } rect.critical { fill: var(--critical); } rect.unknown { fill: var(--soft); }
        .scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: 13px; }
        th { text-align: left; color: var(--soft); font-weight: 500; font-size: 12px; } th, td { padding: 3px 14px 3px 0; vertical-align: top; }
        td:nth-child(-n+3) { white-space: nowrap; } tr.warning td:nth-child(2) { color: var(--warning); }
        tr.error td:nth-child(2), tr.critical td:nth-child(2) { color: var(--critical); font-weight: 600; }
        footer { padding-top: 14px; padding-bottom: 28px; } footer a { color: var(--link); margin-right: 16px; }
        @media (max-width: 640px) { header, footer, main { padding-left: 12px; padding-right: 12px; }
            section { padding: 14px; } .bars { display: block; } .bars li { margin-top: 10px; }
            .bars li { grid-template-columns: minmax(110px, 1fr) auto; gap: 4px 10px; } .bars svg { grid-column: 1 / -1; grid-row: 2; }
            thead { display: none; } tr { display: block; padding: 6px 0; border-top: 1px solid var(--line); }
            td { display: inline; padding-right: 8px; } td:last-child { display: block; overflow-wrap: anywhere; } }

        """
}
