#!/bin/bash
# A program for `type = "command"` that hands each call on to the simulated cloud at a port: backend.sh PORT VERB
LC_ALL=C
request=$(cat)
case $2 in create) method=POST ;; delete) method=DELETE ;; *) method=GET ;; esac
{ exec 3<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null || exit 69
printf '%s /command/%s HTTP/1.1\r\nHost: cloud\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %s\r\n\r\n%s' \
    "$method" "$2" "${#request}" "$request" >&3
read -r _ status _ <&3 || exit 1
exit=0
while read -r name value <&3 && name=${name%$'\r'} && [ -n "$name" ]; do
    case ${name,,} in x-exit:) exit=${value%$'\r'} ;; esac
done
case $status in 200) ;; 429) exit=75 ;; 503) exit=69 ;; *) exit=1 ;; esac
if [ "$exit" = 0 ]; then cat <&3; else cat <&3 >&2; fi
exit "$exit"
