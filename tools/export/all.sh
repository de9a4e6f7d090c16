#!/bin/sh
# Runs Terraform in each stack of an environment, in order; destroy goes backwards.
#   ./all.sh dev plan
#   ./all.sh dev apply -auto-approve
#   TERRAFORM=tofu ./all.sh prod validate
# It ends at the first stack that fails, with Terraform's exit status; 2: it was called wrongly.
set -eu
case $0 in */*) cd "${0%/*}" ;; esac

if [ $# -lt 2 ] || [ ! -d "$1" ]; then
  echo "usage: ./all.sh ENVIRONMENT COMMAND [OPTION...]" >&2
  echo "environments:" */ >&2
  exit 2
fi
terraform=${TERRAFORM:-terraform} environment=$1 command=$2
shift 2

stacks=
for stack in "$environment"/*/; do
  case $command in
    destroy) stacks="$stack $stacks" ;;
    *) stacks="$stacks $stack" ;;
  esac
done
for stack in $stacks; do
  echo "== $command ${stack%/}" >&2
  if [ "$command" != init ] && [ ! -d "$stack.terraform" ]; then
    "$terraform" "-chdir=$stack" init -input=false
  fi
  "$terraform" "-chdir=$stack" "$command" "$@"
done
