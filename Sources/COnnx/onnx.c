int scalenet_conn;
