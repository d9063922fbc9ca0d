#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# abi.sh NAME CONTACT DATE - print a document for the kernel's Documentation/ABI
#
# NAME is one of abi/.  In these files "@head" is who answers and since when; a
# line "@files FOLDER EXPRESSION SOURCE" names each file in FOLDER that the
# expression finds in the source; and "@parameters MODULE SOURCE..." describes the
# module's parameters with the words of the sources, without those for tests.

set -euo pipefail
. "$(dirname "$0")/../vm/common.sh"

[ $# -eq 3 ] || die "usage: abi.sh NAME CONTACT DATE"
CONTACT=$2 SINCE=$(date -u -d "$3" '+%B %Y') DRIVER=$TOP/drivers/fpgabuf \
  perl -Mstrict -Mwarnings -e '
    use Text::Wrap;
    $Text::Wrap::columns = 80;
    $Text::Wrap::unexpand = 0;

    sub source { local $/; open my $file, "<", "$ENV{DRIVER}/$_[0]" or die "$_[0]: $!\n"; <$file> }
    sub head { "Date:\t\t$ENV{SINCE}\nContact:\t$ENV{CONTACT}\n" }

    sub files {
      my ($folder, $expression, $name) = @_;
      my @found = source($name) =~ /$expression/mg or die "$name: no $expression\n";
      join "", map { "What:\t\t$folder$_\n" } @found;
    }

    sub parameter {
      my ($module, $name, $mode, $words) = @_;
      my $access = $mode =~ /[2367]/ ? "RW" : "RO";
      # The heading is as wide as the tabs in front of the lines that follow.
      my $text = wrap(" " x 16, "\t\t", "($access) \u$words.");
      $text =~ s/^ +//;
      "What:\t\t/sys/module/$module/parameters/$name\n" . head() . "Description:\t$text\n";
    }

    sub parameters {
      my ($module, @names) = @_;
      my @entries;
      for my $text (map { source($_) } @names) {
        my %mode = $text =~ /module_param(?:_named)?\((\w+), [^)]*(0\d+)\)/g;
        my %words = $text =~ /MODULE_PARM_DESC\((\w+), "(.*)"\)/g;
        for my $name (grep { !/^debug_/ } sort keys %mode) {
          defined $words{$name} or die "$module: no words for $name\n";
          push @entries, parameter($module, $name, $mode{$name}, $words{$name});
        }
      }
      @entries or die "$module: no parameters\n";
      join "\n", @entries;
    }

    while (<>) {
      if (/^# SPDX-/) { next }
      elsif (/^\@head$/) { print head() }
      elsif (/^\@files (\S+) (.+) (\S+)$/) { print files($1, $2, $3) }
      elsif (/^\@parameters (\S+) (.+)$/) { print parameters($1, split / /, $2) }
      else { print }
    }' "$TOP/tests/kernel/abi/$1"
