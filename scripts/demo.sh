#!/bin/sh
# Shows what socklens is for, on a machine that has Node with npm and nothing else: `npm run demo`. A web service and
# its database run in network namespaces of their own; six commands find and prove what is wrong between them, in some
# twenty seconds. Everything is made in a mount namespace of the demo's own, so that nothing is left behind.
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh

as_root 'the demo makes' 'npm run demo' "$0"
if [ -z "${SOCKLENS_DEMO_MOUNTS-}" ]; then
  install_packages
  install_programs ip:iproute2
  sh scripts/build.sh --if-older
  unshare --mount --net true 2>/dev/null || {
    say 'the demo makes network namespaces, which root may not do here; in a container: docker run --privileged'
    exit 4
  }
  SOCKLENS_DEMO_MOUNTS=1 exec unshare --mount --propagation private sh "$0"
fi

work=$(mktemp -d)
made_names=
[ -e /run/netns ] || made_names=1
clean() {
  trap '' INT TERM
  # The services exit when their stdin ends.
  exec 3>&- 4>&- || :
  wait || :
  umount -l /run/netns /etc/hosts 2>/dev/null || :
  [ -z "$made_names" ] || rmdir /run/netns 2>/dev/null || :
  rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Names of this demo alone: of namespaces, and in /etc/hosts, where socklens looks up peers that are no container.
mkdir -p /run/netns
mount -t tmpfs tmpfs /run/netns
if [ -e /etc/hosts ]; then
  { cat /etc/hosts; printf '\n10.133.7.2 web\n10.133.7.3 db\n'; } >"$work/hosts"
  mount --bind "$work/hosts" /etc/hosts
fi
ip netns add web
ip netns add db
ip -n web link add eth0 type veth peer name eth0 netns db
for side in 'web 10.133.7.2/24' 'db 10.133.7.3/24'; do
  ip -n "${side% *}" address add "${side#* }" dev eth0
  ip -n "${side% *}" link set lo up
  ip -n "${side% *}" link set eth0 up
done

# service NAME ARGUMENTS: starts scripts/demo/NAME.ts in the namespace NAME; it says when it is ready, and runs until
# its stdin, a pipe, is closed.
service() {
  name=$1
  [ -p "$work/$name.in" ] || mkfifo "$work/$name.in" "$work/$name"
  shift
  ip netns exec "$name" sh -c 'ulimit -n 240; exec node --disable-warning=ExperimentalWarning "$@"' \
    sh "scripts/demo/$name.ts" "$@" <"$work/$name.in" >"$work/$name" 2>&1 &
}
wait_ready() {
  read -r line <"$work/$1" || line='no output'
  [ "$line" = ready ] || { say "the service $1 did not start: $line"; exit 1; }
}

# step TITLE…: the heading of a step, lines of at most 80 columns.
number=0
step() {
  number=$((number + 1))
  printf '\n== %s of 6: %s\n' "$number" "$1"
  shift
  for line; do printf '   %s\n' "$line"; done
}

# run STATUS ARGUMENTS…: shows a command line of socklens and runs it; it must end with the status.
run() {
  expected=$1
  shift
  line=
  for word; do
    case $word in *[!A-Za-z0-9:=,._/-]*) line="$line '$word'" ;; *) line="$line $word" ;; esac
  done
  printf '$ socklens%s\n' "$line"
  status=0
  bin/socklens "$@" 2>&1 || status=$?
  [ "$status" = "$expected" ] || { say "the demo failed: socklens ended with status $status"; exit 1; }
}

cat <<'TEXT'
A web service queries a database. Its pool of connections was meant to be of
50; under load the database answers some requests with error 1040, too many
connections. Neither has netstat inside, nor anything of socklens. What is
wrong is found from the host, in some twenty seconds.
TEXT
service db
exec 3>"$work/db.in"
wait_ready db
service web 10.133.7.3 unlimited
exec 4>"$work/web.in"
wait_ready web

step 'What is there?' 'A row for each: sockets by state, descriptors and limit, the busiest peer.'
run 0 ps netns:web netns:db

step 'Who is connected to the database?'
run 0 ls netns:db -t --by peer,state,process

step 'How many are MySQL connections?' 'Existing pipelines work: this is netstat as inside, byte for byte.'
printf '$ socklens netstat netns:web -t | grep mysql | wc -l\n'
bin/socklens netstat netns:web -t | grep mysql | wc -l

step 'What becomes of them?' 'How the connections of three seconds ended, and how long they lived.'
run 0 events netns:web --summary --for 3s

step 'What is wrong, why, and how is it fixed?' 'The pool was meant to be of 50: that is declared here.'
run 1 doctor netns:web netns:db --pool db:3306=50 --for 5s

exec 4>&-
printf '\nThe pool is fixed, and the web service starts again.\n'
until ! ip netns pids web | grep -q .; do sleep 0.1; done
service web 10.133.7.3 50
exec 4>"$work/web.in"
wait_ready web

step 'Does it hold under load?' 'A load test (here three seconds of it) that fails above 50 connections.'
run 0 guard netns:web -b 'peak(dst db:3306) <= 50' -- sleep 3

cat <<'TEXT'

That was the demo. Try it on your own containers, as root:

  bin/socklens          every container, a row for each
  bin/socklens top      the same, live
  bin/socklens doctor   what is wrong, and how to fix it
  bin/socklens --help   all commands

There is a longer one, of a minute: four instances behind a load balancer, a
rising load, and two causes, fixed one after the other: bin/socklens lab
With its page in the browser, live and afterwards: bin/socklens lab --serve
TEXT
if [ -t 0 ] && [ -t 1 ]; then
  printf 'Run it now? [y/N] '
  read -r answer || answer=
  case $answer in
    [yY]*) bin/socklens lab || { say "the lab failed with status $?"; exit 1; } ;;
  esac
fi
