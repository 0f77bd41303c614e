/// The questions behind `facts.*`: files of /proc and /etc read by the shell itself, and two commands.
enum FactsScript {
    /// Prints `key=value` lines; a value ends at the line's end. `os.` lines are those of os-release(5), unquoted here.
    static let text = #"""
        (
        echo "user=$(id -un)"; echo "uid=$(id -u)"
        uname -snrm | { read -r a b c d; echo "kernel=$a"; echo "hostname=$b"; echo "kernelRelease=$c"; echo "architecture=$d"; }
        f=/etc/os-release; [ -r "$f" ] || f=/usr/lib/os-release
        [ -r "$f" ] && while IFS= read -r l; do case $l in [A-Z]*=*) echo "os.$l";; esac; done <"$f"
        [ -r /proc/meminfo ] && { read -r a b c; echo "memoryKiB=$b"; } </proc/meminfo
        n=0; [ -r /proc/cpuinfo ] && while IFS= read -r l; do case $l in processor*) n=$((n + 1));; esac; done </proc/cpuinfo; echo "cpuCount=$n"
        [ -r /proc/sys/kernel/random/boot_id ] && { read -r a; echo "bootId=$a"; } </proc/sys/kernel/random/boot_id
        for c in apt-get dnf yum apk zypper pacman; do if command -v $c >/dev/null 2>&1; then echo "packageManager=$c"; break; fi; done
        if [ -d /run/systemd/system ]; then echo serviceManager=systemd; elif command -v rc-service >/dev/null 2>&1; then echo serviceManager=openrc; elif command -v systemctl >/dev/null 2>&1; then echo serviceManager=systemd; fi
        [ -e /sys/fs/selinux/enforce ] && echo selinux=true
        for c in tar gzip sudo ip nft git curl wget python3; do command -v $c >/dev/null 2>&1 && echo "has.$c=true"; done
        command -v ip >/dev/null 2>&1 && ip -o addr show 2>/dev/null | while read -r i d f a r; do case $f in inet|inet6) echo "address=$d ${a%%/*}";; esac; done
        :
        )
        """#
}
