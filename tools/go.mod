module guichet/tools

go 1.26
