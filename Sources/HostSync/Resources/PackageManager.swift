import SSHTransport

/// The programs that install software, and the questions that are put to them.
///
/// Every answer has the same shape, whatever the manager: lines of `installed|NAME|ARCHITECTURE|VERSION|STATUS`,
/// `provides|NAME|LIST`, `candidate|NAME|VERSION`, `lock|NAME`, one `manager|NAME` and one `age|SECONDS` of the lists
/// (`none`: there are no lists yet).
package enum PackageManager: String, Sendable, CaseIterable {
    case apt, dnf, yum, zypper, apk, pacman

    /// Sets `m` to the host's manager, empty where there is none. The same order as the fact `packageManager`.
    static let detection = """
        m=
        for c in apt-get dnf yum apk zypper pacman; do
        if command -v $c >/dev/null 2>&1; then m=${c%-get}; break; fi
        done
        """

    /// Which manager the host has, for kinds that need to know no more.
    static let query = Query("packageManager") { _ in "\(detection)\necho \"manager|$m\"" }

    /// What is installed of the items; `forced` where a declaration names the manager.
    static func installed(_ forced: PackageManager?) -> Query {
        Query("packages\(forced.map { ":" + $0.rawValue } ?? "")") { names in
            """
            \(forced.map { "m=\($0.rawValue)" } ?? detection)
            echo "manager|$m"
            set -- \(ShellText.quoted(names))
            \(installedText)
            """
        }
    }

    /// The newest version of the items that the lists know of: it takes longer, so only `state: latest` asks.
    static func candidates(_ forced: PackageManager?) -> Query {
        Query("packageCandidates\(forced.map { ":" + $0.rawValue } ?? "")") { names in
            """
            \(forced.map { "m=\($0.rawValue)" } ?? detection)
            set -- \(ShellText.quoted(names))
            \(candidateText)
            """
        }
    }

    /// The folder whose time of change is that of the last refresh: each refresh of ours touches it.
    var listsFolder: String {
        switch self {
        case .apt: "/var/lib/apt/lists"
        case .dnf: "/var/cache/dnf"
        case .yum: "/var/cache/yum"
        case .zypper: "/var/cache/zypp"
        case .apk: "/var/cache/apk"
        case .pacman: "/var/lib/pacman/sync"
        }
    }

    /// One dpkg-query(1) for all. Only when it misses some are virtual packages and candidates looked up.
    private static let installedText = #"""
        age() {
        t=$(stat -c %Y "$1" 2>/dev/null) && [ -n "$t" ] && echo "age|$(($(date +%s) - t))"; }
        case $m in
        apt)
        n=none
        for f in /var/lib/apt/lists/*Packages*; do if [ -e "$f" ]; then n=; break; fi; done
        if [ -n "$n" ]; then echo 'age|none'; else age /var/lib/apt/lists; fi
        i=$(dpkg-query -W -f 'installed|${Package}|${Architecture}|${Version}|${Status}\n' -- "$@" | grep -v ' not-installed$')
        printf '%s\n' "$i"
        c=$#
        for p do case $i in *"|${p%%:*}|"*) ;; *) set -- "$@" "$p";; esac; done
        shift "$c"
        if [ $# -gt 0 ]; then
        dpkg-query -W -f '${Status}|${Package}|${Provides}\n' | sed -n 's/^[a-z]* ok installed|\(.*|.\)/provides|\1/p' |
        grep -F -- "$(printf '%s\n' "$@")"
        apt-cache policy -- "$@" | awk '/^[^ ]/{n=$1; sub(/:$/,"",n)} $1=="Candidate:"{print "candidate|" n "|" $2}'
        fi
        ;;
        dnf|yum|zypper)
        age /var/cache/$m
        [ $m != zypper ] || age /var/cache/zypp
        i=$(rpm -q --qf 'installed|%{NAME}|%{ARCH}|%{VERSION}-%{RELEASE}|%{EPOCH}\n' -- "$@" 2>/dev/null)
        printf '%s\n' "$i" | grep '^installed|'
        for p do case $i in *"installed|$p|"*) ;; *)
        rpm -q --whatprovides --qf "provides|%{NAME}|$p\n" -- "$p" | grep '^provides|';; esac; done
        sed 's/^/lock|/' /etc/dnf/plugins/versionlock.list /etc/yum/pluginconf.d/versionlock.list
        sed -n 's/^ *name *= *"\(.*\)".*/lock|\1/p' /etc/dnf/versionlock.toml
        sed -n 's/^solvable_name: */lock|/p' /etc/zypp/locks
        ;;
        apk)
        age /var/cache/apk
        for f in /lib/apk/db/installed /usr/lib/apk/db/installed; do
        if [ -f $f ]; then
        awk -v names=" $* " '
        /^P:/{p=substr($0,3); q=index(names," " p " ")}
        /^V:/{if(q)print "installed|" p "||" substr($0,3) "|"}
        /^p:/{n=split(substr($0,3),a," "); for(i=1;i<=n;i++){x=a[i]; sub(/[=<>~].*/,"",x); if(index(names," " x " "))print "provides|" p "|" x}}
        ' $f
        break
        fi
        done
        ;;
        pacman)
        age /var/lib/pacman/sync
        i=$(pacman -Q -- "$@" 2>/dev/null | sed 's/^\([^ ]*\) \(.*\)/installed|\1||\2|/')
        printf '%s\n' "$i"
        for p do case $i in *"installed|$p|"*) ;; *) [ -n "$(pacman -T -- "$p")" ] || echo "provides|?|$p";; esac; done
        ;;
        esac
        """#

    private static let candidateText = #"""
        case $m in
        apt) apt-cache policy -- "$@" | awk '/^[^ ]/{n=$1; sub(/:$/,"",n)} $1=="Candidate:"{print "candidate|" n "|" $2}';;
        dnf|yum) $m -q check-update -- "$@" | awk 'NF==3{n=$1; sub(/\.[^.]*$/,"",n); print "candidate|" n "|" $2}';;
        zypper) zypper -q --non-interactive list-updates | awk -F' *[|] *' '$1~/^v/{print "candidate|" $3 "|" $5}';;
        apk) apk version -l '<' -- "$@" | awk '$2=="<"{n=$1; sub(/-[0-9][^-]*-r[0-9]+$/,"",n); print "candidate|" n "|" $3}';;
        pacman) pacman -Qu -- "$@" | awk '{print "candidate|" $1 "|" $4}';;
        esac
        """#
}
