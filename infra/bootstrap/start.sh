#!/bin/sh
# npm start: prepares the machine, then hands over to supervise.ts, which starts Runnel and stays.
set -eu
cd "$(dirname "$0")/../.."
. infra/bootstrap/prepare.sh

usage() {
  cat <<'USAGE'
npm start -- [options]     Starts Redis, the API and workers, and runs examples/hello.py through them.

  --port <number>          Where the API listens on 127.0.0.1. Default: 8080.
  --workers <number>       How many worker processes. Default: 1.
  --detach                 Come back when it is ready; `npm stop` stops it.
  --sandbox docker|local   local: without Docker and WITHOUT ISOLATION, for trying out only.
                           Redis is then the one at REDIS_URL, or a redis-server on the path.
  --help                   This.

npm run keys               Makes, lists and revokes API keys. Until there is one, every program here may call.
USAGE
}

misuse() { # sentence
  printf 'runnel: %s\n' "$1 (npm start -- --help tells the options)" >&2
  exit 2
}

is_between() { # value, lowest, highest
  case $1 in '' | *[!0-9]* | ??????*) return 1 ;; esac
  [ "$1" -ge "$2" ] && [ "$1" -le "$3" ]
}

port=8080 workers=1 sandbox=docker detach=
while [ $# -gt 0 ]; do
  case $1 in
  --*=*)
    option=$1
    shift
    set -- "${option%%=*}" "${option#*=}" "$@"
    ;;
  --help | -h) usage && exit ;;
  --detach) detach=--detach && shift ;;
  --port | --workers | --sandbox)
    [ $# -ge 2 ] || misuse "$1 needs a value"
    case $1 in
    --port)
      is_between "$2" 1 65535 || misuse "--port is a number from 1 to 65535, not '$2'"
      port=$2
      ;;
    --workers)
      is_between "$2" 1 64 || misuse "--workers is a number from 1 to 64, not '$2'"
      workers=$2
      ;;
    *)
      case $2 in docker | local) sandbox=$2 ;; *) misuse "--sandbox is docker or local, not '$2'" ;; esac
      ;;
    esac
    shift 2
    ;;
  *) misuse "There is no option '$1'" ;;
  esac
done

if [ "$sandbox" = local ] && [ -z "${REDIS_URL:-}" ] && ! has redis-server; then
  fail 'There is no Redis: install redis-server, or name one, as in REDIS_URL=redis://127.0.0.1:6379'
fi

lock_preparing
need_toolchain
node infra/bootstrap/admit.ts "$port"
need_packages
if [ "$sandbox" = docker ]; then
  need_engine
  need_images
fi
unlock_preparing
exec node infra/bootstrap/start.ts --port "$port" --workers "$workers" --sandbox "$sandbox" ${detach:+"$detach"}
